# Made by .ci/make_stubs.py: change the notebook.
from collections.abc import Iterator
from dataclasses import field
from typing import Any, ClassVar
import gc
from contextlib import contextmanager, nullcontext
from weakref import WeakKeyDictionary
import torch
from fastcore.basics import patch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.func import functional_call
from torch.utils._python_dispatch import is_in_torch_dispatch_mode
from torch.utils._pytree import tree_flatten, tree_leaves, tree_map, tree_unflatten
from ..core import say
from ..data import Batches
from .families import KEPT, arrive, heard, stacked, takes_turns
from ..model import StableDiffusion
__all__ = ['text_once', 'picture_once', 'Remembered', 'read_ahead', 'Recorded', 'recorded', 'deep_reused', 'Asked', 'asked_often']
@contextmanager
def _instead(forwards: dict) -> Iterator[Any]: ...
def text_once(unet: nn.Module): ...
def _before_the_text(unet) -> list[nn.Module]: ...
_ROWS: Any
def picture_once(denoiser: nn.Module) -> _Rows: ...
@contextmanager
def read_ahead(model: StableDiffusion, data: Batches, also=...) -> Iterator[Any]: ...
@contextmanager
def _recording(pool) -> Iterator[Any]: ...
def _kind(v): ...
def recorded(f, networks): ...
def deep_reused(unet: nn.Module, cache_interval: int=1): ...
@contextmanager
def asked_often(model, cache_interval: int=1) -> Iterator[Any]: ...

class _Known:
    f: Any
    known: Any
    def __init__(self, f): ...
    def __call__(self, x, *args, **kwargs): ...

class _First:
    f: Any
    rows: Any
    def __init__(self, f, rows): ...
    def __call__(self, *args, **kwargs): ...

class _Rows:
    conditions: Any
    layers: Any
    forwards: Any
    def __init__(self, layers): ...

class Remembered:
    model: Any
    kept: Any
    def __init__(self, model: StableDiffusion): ...
    def __call__(self, prompts: list[str], size: tuple | None=None) -> dict: ...

class _Kernels:
    inputs: Any
    params: Any
    gradients: Any
    asked: Any
    out: Any
    learns: Any
    def __init__(self, f, tensors: list, params: list, pool): ...
    def replay(self, tensors) -> list: ...
    def replay_backward(self, given) -> list: ...

class _Replay(torch.autograd.Function):
    recorded: Any
    kernels: Any
    @staticmethod
    def forward(ctx, recorded, kernels, n, *tensors): ...
    @staticmethod
    def backward(ctx, *given): ...

class _Itself(nn.Module):
    net: Any
    own: Any
    def __init__(self, net): ...
    def forward(self, *args, **kwargs): ...

class Recorded:
    net: Any
    f: Any
    trained: Any
    seen: Any
    kernels: Any
    pool: Any
    busy: Any
    def __init__(self, f): ...
    def __call__(self, *args, **kwargs): ...
    def _record(self, leaves, form) -> _Kernels | None: ...

class _Reused:
    f: Any
    n: Any
    shape: Any
    calls: Any
    answer: Any
    def __init__(self, f, n: int): ...
    def __call__(self, *args, **kwargs): ...

class Asked:
    model: Any
    cuda_graphs: Any
    known: Any
    tensors: Any
    rows: Any
    def __init__(self, model, cuda_graphs: bool=False, frozen: bool=False, rows=None): ...
    def __call__(self, x, t, *conditions): ...
    def _about(self, conditions): ...
