# Made by .ci/make_stubs.py: change the notebook.
from collections.abc import Iterator
from dataclasses import field
from typing import Any, ClassVar
from importlib import import_module
from importlib.util import find_spec
from ..core import NoSuchName, UserError, did_you_mean
__all__ = ['NAMES', 'NotThere', 'find']
NAMES: Any
def find(name: str, from_import: bool=False): ...

class NotThere(UserError, ImportError): ...
