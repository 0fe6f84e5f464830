# Made by .ci/make_stubs.py: change the notebook.
from collections.abc import Iterator
from dataclasses import field
from typing import Any, ClassVar
import importlib, inspect
from contextlib import contextmanager, nullcontext
from functools import cache
from typing import NamedTuple
import torch
import torch.nn.functional as F
from diffusers.models.attention_processor import AttnAddedKVProcessor, AttnAddedKVProcessor2_0, Attention, AttnProcessor, AttnProcessor2_0
from fastcore.basics import patch
from torch import Tensor, nn
from torch._inductor import config as _inductor
from torch.utils._pytree import tree_leaves
from ..core import UserError, one_of, randn
from .packages import package_line
from ..model import StableDiffusion, quiet
__all__ = ['OPTIMIZERS', 'OPTIONS', 'ATTENTION', 'OptimizerClass', 'optimizer_row', 'state_bytes', 'make_optimizer', 'EMA', 'tf32', 'FewTokens', 'by_onednn', 'onednn_keeps_float32', 'LinearByOneDNN', 'Frozen', 'nan_guard']
OPTIMIZERS: Any
OPTIONS: Any
def optimizer_row(name: str) -> OptimizerClass: ...
def state_bytes(optimizer: str, params: list) -> int: ...
def make_optimizer(name: str, params: list, lr: float, weight_decay: float=0.01, **options) -> torch.optim.Optimizer: ...
ATTENTION: Any
@contextmanager
def tf32(device: torch.device, allow: bool=True) -> Iterator[Any]: ...
_FEW: int
_PROCESSORS: Any
def _set_attention(unet, name): ...
@contextmanager
def by_onednn() -> Iterator[Any]: ...
def onednn_keeps_float32() -> bool: ...
_MANY: Any
def _set_linear(net, other): ...
def _packed(graph, inputs): ...
@contextmanager
def nan_guard(model: StableDiffusion) -> Iterator[Any]: ...

class OptimizerClass(NamedTuple):
    module: str
    name: str
    state: int
    scratch: int

class EMA:
    params: Any
    decay: Any
    step: Any
    average: Any
    def __init__(self, params: list, decay: float=0.9999): ...
    def update(self): ...
    @contextmanager
    def applied(self) -> Iterator[Any]: ...
    def _put(self, values): ...
    def state_dict(self) -> dict: ...
    def load_state_dict(self, state: dict): ...

class FewTokens(AttnProcessor2_0):
    def __call__(self, attn, hidden_states, *args, **kwargs): ...

class _Products(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias): ...
    @staticmethod
    def backward(ctx, g): ...

class LinearByOneDNN(nn.Linear):
    def forward(self, x): ...

class Frozen:
    net: Any
    weights: Any
    program: Any
    def __init__(self, net: nn.Module): ...
    def now(self): ...
    def _called(self, *args, **kwargs): ...
