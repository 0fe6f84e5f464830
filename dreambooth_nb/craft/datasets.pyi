# Made by .ci/make_stubs.py: change the notebook.
from collections.abc import Iterator
from dataclasses import field
from typing import Any, ClassVar
import io, json, os, shutil
from dataclasses import fields, replace
from pathlib import Path
from PIL import Image
from ..core import UserError, as_path, did_you_mean, writing
from .photos import IMAGE_SUFFIXES
from .settings import TrainConfig
__all__ = ['from_dataset', 'with_photos']
def _rows(cfg): ...
def _write_photo(row, cfg, n, folder): ...
_OWN: Any
_MARK: str
def from_dataset(folder) -> bool: ...
def with_photos(cfg: TrainConfig) -> TrainConfig: ...
def _write(rows, cfg, own, folder): ...
