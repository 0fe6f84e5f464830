# Made by .ci/make_stubs.py: change the notebook.
from collections.abc import Iterator
from dataclasses import field
from typing import Any, ClassVar
import importlib.util, logging
from collections.abc import Callable
from dataclasses import dataclass
import torch
from torch import Tensor, nn
from ..core import one_of
__all__ = ['QUANTIZATIONS', 'Quantization', 'quantization_problems', 'quantized_matrices', 'is_quantized', 'stored']
def _nf4(library, dtype): ...
def _int8(library, dtype): ...
def _weight_only(library, dtype): ...
QUANTIZATIONS: Any
def quantization_problems(name: str | None, device: str) -> list[str]: ...
def quantized_matrices(net: nn.Module) -> list[Tensor]: ...
def is_quantized(net: nn.Module) -> bool: ...
def stored(net: nn.Module) -> dict: ...
@dataclass(frozen=True)
class Quantization:
    package: str
    bits: float
    on_cpu: bool
    config: Callable
