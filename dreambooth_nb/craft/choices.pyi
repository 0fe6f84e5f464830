# Made by .ci/make_stubs.py: change the notebook.
from collections.abc import Iterator
from dataclasses import field
from typing import Any, ClassVar
import time
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import NamedTuple
import torch
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.utils._pytree import tree_map
from ..core import UserError
from .families import FAMILIES
from ..model import StableDiffusion
from .memory import Forecast, fit, forecast, free_memory
from .settings import TrainConfig, filled, idle, preset, with_changes
from .requirements import processes, written_out
from .cost import Operations
from .run_folder import concepts, learned_from, plan, run_in
from .ready import Ready, described_by, outline
__all__ = ['Suited', 'suited', 'Chosen', 'complete', 'forward_flops', 'measured_rate', 'Outlook', 'outlook', 'memory_warning']
_OF_FAMILY: Any
def suited(net: StableDiffusion, device: torch.device) -> Suited: ...
def _precision_of(device) -> str: ...
def complete(values: dict) -> Chosen: ...
def _with_effect(cfg, found) -> dict: ...
def _in_the_first_free(cfg, folders, chosen) -> TrainConfig: ...
_REACHED: float
def forward_flops(net: StableDiffusion, resolution: int) -> int: ...
def measured_rate(device: torch.device, dtype: torch.dtype=...) -> float: ...
def outlook(cfg: TrainConfig, net: StableDiffusion, device: torch.device, left: Ready | None=None) -> Outlook: ...
def _as_forecast(cfg, device) -> dict: ...
def memory_warning(cfg: TrainConfig, device, budget: int | None=None, now: Forecast | None=None) -> str | None: ...

class Suited(NamedTuple):
    preset: str
    settings: dict
@dataclass
class Chosen:
    cfg: TrainConfig
    preset: str = ...
    names: tuple = ...
    def __repr__(self): ...
@dataclass
class Outlook:
    cfg: TrainConfig
    resolution: int
    device: torch.device
    training: float
    drawing: float
    steps: int
    pictures: int
    alone: bool = ...
    @cached_property
    def memory(self) -> Forecast: ...
    @property
    def shows(self) -> bool: ...
    def __repr__(self): ...
