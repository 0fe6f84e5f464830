# Made by .ci/make_stubs.py: change the notebook.
from collections.abc import Iterator
from dataclasses import field
from typing import Any, ClassVar
import os, re, shutil, tempfile, urllib.request, zipfile
from collections import namedtuple
from dataclasses import dataclass
from pathlib import Path
from ..core import UserError, as_path
from .photos import read_text
from ..data import Concept, fill_template
from ..model import Table
from ..evaluate import Evaluation
__all__ = ['Published', 'PUBLISHED', 'Subject', 'dreambench', 'published_beside']
_DREAMBENCH: str
def dreambench(root: str | Path, url: str=...) -> list[Subject]: ...
def _download(root: Path, url: str): ...
Published = namedtuple('Published', 'what base DINO CLIP_I CLIP_T PRES DIV source')
_PAPER: str
PUBLISHED: Any
_OURS: Any
def published_beside(found: Evaluation) -> tuple[Table, list[str]]: ...
@dataclass
class Subject:
    name: str
    class_noun: str
    live: bool
    folder: Path
    templates: list[str]
    def prompts(self, identifier: str='sks') -> list[str]: ...
    def concept(self, identifier: str='sks') -> Concept: ...
