# Made by .ci/make_stubs.py: change the notebook.
from collections.abc import Iterator
from dataclasses import field
from typing import Any, ClassVar
import gc
from collections.abc import Callable
from contextlib import contextmanager
import torch
from fastcore.basics import patch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.func import functional_call
from torch.utils._pytree import tree_flatten, tree_leaves, tree_map, tree_unflatten
from ..data import Batches
from .families import stacked
from ..model import StableDiffusion
from .settings import say
__all__ = ['text_once', 'remember', 'read_ahead', 'Recorded', 'recorded', 'Asked', 'asked_often']
@contextmanager
def _instead(forwards: dict) -> Iterator[Any]: ...
def _remembered(f): ...
def text_once(unet: nn.Module): ...
_REMEMBERED: int
def remember(model: StableDiffusion) -> Callable: ...
def read_ahead(model: StableDiffusion, data: Batches, condition: Callable): ...
@contextmanager
def _recording(pool) -> Iterator[Any]: ...
def _kind(v): ...
def recorded(f, networks): ...
@contextmanager
def asked_often(model, cuda_graphs: bool=False) -> Iterator[Any]: ...

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
    def record(self, leaves, form) -> tuple | None: ...

class Asked:
    model: Any
    cuda_graphs: Any
    known: Any
    def __init__(self, model, cuda_graphs: bool=False): ...
    def __call__(self, x, t, *conditions): ...
    def about(self, conditions): ...
