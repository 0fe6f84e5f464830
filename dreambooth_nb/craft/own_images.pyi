# Made by .ci/make_stubs.py: change the notebook.
from collections.abc import Iterator
from dataclasses import field
from typing import Any, ClassVar
from pathlib import Path
from fastcore.basics import patch
from ..core import UserError, as_path
from .photos import holds_repeated
from .manifest import is_image, listing, read_manifest
from ..priors import PriorPool
__all__ = ['open_pool']
def open_pool(class_data_dir: str | Path | None, drawn: str | Path, class_prompt: str, settings: dict | None=None) -> PriorPool: ...
