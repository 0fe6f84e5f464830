# Made by .ci/make_stubs.py: change the notebook.
from collections.abc import Iterator
from dataclasses import field
from typing import Any, ClassVar
import json, os, re, shutil, tempfile, urllib.request, zipfile
from collections import namedtuple
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple
import torch
from ..core import Table, UserError, as_path, how_many, one_of, say, write_text
from .photos import read_text
from ..data import Concept, fill_template
from .requirements import load_base
from .encoders import usual_encoders
from ..evaluate import Evaluation, evaluate, group_means, pooled, read_evaluation
from .sweep import settings_of_each, stand_alone, train_each
__all__ = ['PUBLISHED', 'Subject', 'dreambench', 'published_beside', 'Benchmark', 'benchmark']
_DREAMBENCH: str
def dreambench(root: str | Path, url: str=...) -> list[Subject]: ...
def _download(root: Path, url: str): ...
_Published = namedtuple('_Published', 'what base DINO CLIP_I CLIP_T PRES DIV source')
_PAPER: str
PUBLISHED: Any
_OURS: Any
def published_beside(found: Evaluation, base: str='ours') -> _Comparison: ...
_FROM_DATA: Any
def _chosen(dataset, subjects) -> list[Subject]: ...
def benchmark(dataset: str, output_dir: str='benchmark', subjects: str | None=None, samples: int=4, identifier: str='sks', guidance_scale: float=5.0, num_inference_steps: int=25, encoders: list | None=None, **settings) -> Benchmark: ...
def _summed_up(folder, configs) -> Benchmark: ...
@dataclass
class Subject:
    name: str
    class_noun: str
    live: bool
    folder: Path
    templates: list[str]
    def prompts(self, identifier: str='sks') -> list[str]: ...
    def concept(self, identifier: str='sks') -> Concept: ...

class _Comparison(NamedTuple):
    table: Table
    notes: list[str]
@dataclass(repr=False)
class Benchmark:
    found: Evaluation
    base: str
    missing: list[str]
    def __repr__(self): ...
    def _repr_markdown_(self): ...
