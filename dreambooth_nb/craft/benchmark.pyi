# Made by .ci/make_stubs.py: change the notebook.
from collections.abc import Iterator
from dataclasses import field
from typing import Any, ClassVar
import json
from collections import namedtuple
from dataclasses import dataclass, replace
from typing import NamedTuple
import torch
from ..core import Table, UserError, as_path, how_many, say, write_text
from .many import chosen_subjects, look_at_benchmark
from .requirements import load_base
from .prompts import make_settings
from .encoders import usual_encoders
from ..evaluate import Evaluation, evaluate, group_means, pooled, read_evaluation
from .sweep import settings_of_each, stand_alone, train_each
__all__ = ['PUBLISHED', 'published_beside', 'Benchmark', 'benchmark']
_Published = namedtuple('_Published', 'what base DINO CLIP_I CLIP_T PRES DIV source')
_PAPER: str
PUBLISHED: Any
_OURS: Any
def published_beside(found: Evaluation, base: str='ours') -> _Comparison: ...
def benchmark(dataset: str, output_dir: str='benchmark', subjects: str | None=None, samples: int=4, identifier: str='sks', guidance_scale: float | None=None, num_inference_steps: int=25, encoders: list | None=None, **settings) -> Benchmark: ...
def _with_photos(dataset, subjects) -> dict: ...
def _summed_up(folder, configs) -> Benchmark: ...

class _Comparison(NamedTuple):
    table: Table
    notes: list[str]
@dataclass(repr=False)
class Benchmark:
    found: Evaluation
    base: str
    missing: list[str]
    def __repr__(self): ...
    def refuse(self): ...
    def _repr_markdown_(self): ...
