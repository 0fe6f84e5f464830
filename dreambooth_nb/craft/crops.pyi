# Made by .ci/make_stubs.py: change the notebook.
from collections.abc import Iterator
from dataclasses import field
from typing import Any, ClassVar
import math
from dataclasses import dataclass
from functools import lru_cache
import numpy as np
import torch
from fastcore.basics import patch
from PIL import Image, ImageOps
from torch import Tensor
from ..core import UserError
from .photos import as_mask
__all__ = ['FILTERS', 'Crop', 'crop_to', 'buckets', 'nearest_bucket', 'latent_mask']
def crop_to(original: tuple, size: tuple, at: float=0.5, flip: bool=False) -> Crop: ...
FILTERS: Any
def buckets(resolution: int, step: int=64, most: int | None=None) -> list[tuple]: ...
def nearest_bucket(size: tuple, sizes: list[tuple]) -> tuple: ...
def latent_mask(mask: Image.Image | None, crop: Crop, size: tuple) -> Tensor: ...
@dataclass(frozen=True)
class Crop:
    original: tuple
    resized: tuple
    left: int
    top: int
    size: tuple
    flip: bool = ...
    @property
    def kept(self) -> float: ...
    @property
    def conditioning(self) -> tuple[int, ...]: ...
    def apply(self, im: Image.Image, resample: Image.Resampling=...) -> Image.Image: ...
