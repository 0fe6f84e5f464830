# Made by .ci/make_stubs.py: change the notebook.
from collections.abc import Iterator
from dataclasses import field
from typing import Any, ClassVar
from types import SimpleNamespace
import torch
from torch import Tensor
__all__ = ['PixelSpace', 'dynamic_threshold']
def dynamic_threshold(x0: Tensor, ratio: float=0.995, most: float=1.0) -> Tensor: ...

class PixelSpace:
    config: ClassVar[Any]
    device: ClassVar[Any]
    dtype: ClassVar[Any]
    def encode(self, x: Tensor): ...
    def decode(self, z: Tensor): ...
