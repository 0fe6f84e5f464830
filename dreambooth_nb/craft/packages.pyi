# Made by .ci/make_stubs.py: change the notebook.
from collections.abc import Iterator
from dataclasses import field
from typing import Any, ClassVar
import importlib.util
from typing import NamedTuple
__all__ = ['PACKAGES', 'Needed', 'package_line', 'missing_package']
_OR: str
_TRACKERS: Any
PACKAGES: Any
_MODULES: Any
def package_line(field: str, value: str) -> str: ...
def missing_package(field: str, value: str | None) -> str | None: ...

class Needed(NamedTuple):
    packages: dict
    line: str
