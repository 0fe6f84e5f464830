# Made by .ci/make_stubs.py: change the notebook.
from collections.abc import Iterator
from dataclasses import field
from typing import Any, ClassVar
import html, math, time
from collections.abc import Callable
import ipywidgets as W
from fastcore.basics import patch
from IPython import get_ipython
from IPython.display import display
from ..core import UserError, how_many
from ..model import StableDiffusion
from .log import best_step
from .callbacks import Callback, StopTraining
from ..cfg_sampler import sample
from .controls import drive, png, refuse_busy, thumbnail
from ..studio import STYLE, beside, button, column
__all__ = ['loss_curve', 'TrainingView']
def _running_mean(values: list[float], n: int=25) -> list[float]: ...
def _points(rows, name) -> list: ...
def _text(x, y, words, color='#888') -> str: ...
def loss_curve(rows: list[dict], width: int=480, height: int=170) -> str: ...

class TrainingView(Callback):
    prompts: Any
    every: Any
    redraw: Any
    settings: Any
    shown: Any
    tell: Any
    stop: Any
    status: Any
    curve: Any
    pictures: Any
    when: Any
    box: Any
    rows: Any
    history: Any
    began: Any
    log: Any
    error: Any
    total: Any
    stopping: Any
    task: Any
    def __init__(self, prompts: list[str] | tuple=..., every: int=50, redraw: int=5, **settings): ...
    def _ipython_display_(self): ...
    def __call__(self, step: int, row: dict, model: StableDiffusion): ...
    def begin(self): ...
    def ask(self): ...
    def show(self, step: int, row: dict, pictures: list): ...
    def look(self): ...
    def before_train(self, run): ...
    def after_step(self, run): ...
    def after_train(self, run): ...
    def run(self, train: Callable, wait: bool=False): ...
    def finish(self, error: BaseException | None): ...
