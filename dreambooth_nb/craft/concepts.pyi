# Made by .ci/make_stubs.py: change the notebook.
from collections.abc import Iterator
from dataclasses import field
from typing import Any, ClassVar
import json
from pathlib import Path
import yaml
from ..core import UserError, as_path, did_you_mean, not_there
from .photos import read_text
__all__ = ['listed_concepts', 'load_concepts']
_FIELDS: Any
def _listed(path: Path) -> list[dict]: ...
def _checked(values: dict, where: str): ...
def listed_concepts(path: str | Path, with_classes: bool=False) -> list[dict]: ...
def load_concepts(path: str | Path, with_classes: bool=False) -> list: ...
