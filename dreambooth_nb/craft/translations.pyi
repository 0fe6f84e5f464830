# Made by .ci/make_stubs.py: change the notebook.
from collections.abc import Iterator
from dataclasses import field
from typing import Any, ClassVar
import re
from ..core import did_you_mean
__all__ = ['NOTHING_TO_DO', 'ELSEWHERE', 'meant']
_BASE: str
_CAPTIONS: str
_TEXTS: str
_COLOURS: str
_PREVIEW: str
_FILE: str
_LATENTS: str
_KOHYA: Any
NOTHING_TO_DO: Any
_PUSH: str
_NEEDLESS: str
_DIFFUSERS: Any
_ONETRAINER: Any
_LONG: str
_WHOLE: str
_FLOWS: Any
_ALONE: str
_SAMPLING: Any
ELSEWHERE: Any
def meant(name: str, known, table: dict, dashes: str='') -> str: ...
