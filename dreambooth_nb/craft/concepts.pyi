# Made by .ci/make_stubs.py: change the notebook.
from collections.abc import Iterator
from dataclasses import field
from typing import Any, ClassVar
import json
from dataclasses import fields
from pathlib import Path
import yaml
from ..core import UserError, as_path, did_you_mean, not_there
from .photos import read_text
from ..data import Concept, same_folder
__all__ = ['load_concepts']
def _listed(path: Path) -> list[dict]: ...
def _checked(values: dict, where: str): ...
def load_concepts(path: str | Path) -> list[Concept]: ...
