# Made by .ci/make_stubs.py: change the notebook.
from collections.abc import Iterator
from dataclasses import field
from typing import Any, ClassVar
from importlib import import_module
from ..core import did_you_mean
__all__ = ['NAMES', 'find']
NAMES: Any
def find(name: str): ...
