# Made by .ci/make_stubs.py: change the notebook.
from collections.abc import Iterator
from dataclasses import field
from typing import Any, ClassVar
import re
from pathlib import Path, PureWindowsPath
from typing import NamedTuple
from ..core import UserError, as_path
from .concepts import load_concepts
__all__ = ['shareable_name', 'is_path', 'discreet', 'LearnedPrompts', 'subjects', 'public_settings']
def shareable_name(name) -> str: ...
def is_path(v) -> bool: ...
def discreet(x): ...
def subjects(settings: dict | None) -> list[LearnedPrompts]: ...
_PRIVATE: Any
def public_settings(settings: dict | None) -> dict: ...

class LearnedPrompts(NamedTuple):
    instance_prompt: str
    class_prompt: str | None
