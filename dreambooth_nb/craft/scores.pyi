# Made by .ci/make_stubs.py: change the notebook.
from collections.abc import Iterator
from dataclasses import field
from typing import Any, ClassVar
import time
from contextlib import nullcontext
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from fastcore.basics import patch
from dataclasses import replace
from ..core import UserError, as_path
from .lora_files import goes_on_a_model
from .log import Log
from .checkpoints import open_model
from .callbacks import Callback
from .cost import costs_beside, read_cost
from .encoders import Encoder
from ..evaluate import Diagnosis, Evaluation, Learned, Look, diagnose, evaluate, home_of, learned_by, read_evaluation, relative, subject_prompts
__all__ = ['looked', 'Scores', 'looks_in', 'Advice', 'advice', 'closing', 'compare']
def looked(found: Evaluation, before: Evaluation | None=None, step: int=0) -> dict: ...
def _file(folder, step) -> Path: ...
def looks_in(folder) -> list[Look]: ...
def advice(folder) -> Advice: ...
def closing(folder, log: Log | None=None) -> list[str]: ...
def compare(run: str, against: str | None=None, output: str | None=None, lora_base: str | None=None, **ask): ...

class Scores(Callback):
    who: Any
    encoders: Any
    prompts: Any
    seeds: Any
    settings: Any
    before: Any
    took: Any
    def __init__(self, who: Learned, encoders: Sequence[Encoder], prompts: Sequence[str] | None=None, seeds: Sequence[int]=..., **settings): ...
    def before_train(self, run): ...
    def after_step(self, run): ...
    @property
    def asks(self) -> list: ...
    def look(self, run) -> Evaluation: ...

class Advice(NamedTuple):
    text: str = ...
    found: Diagnosis | None = ...
