# Made by .ci/make_stubs.py: change the notebook.
from collections.abc import Iterator
from dataclasses import field
from typing import Any, ClassVar
import math
import torch
from torch import Tensor
from ..core import UserError, of_type, wrong_type
from .flow import FlowSchedule, flow_schedule
from ..losses import NoiseSchedule, make_betas
__all__ = ['zero_terminal_snr', 'noise_schedule', 'read_schedule']
def zero_terminal_snr(alphas_cumprod: Tensor) -> Tensor: ...
_LINEAR: Any
_OWN: Any
_ELSEWHERE: Any
def _check_class(config: dict): ...
def noise_schedule(config: dict) -> NoiseSchedule: ...
def _trained(betas) -> Tensor: ...
def read_schedule(config: dict, **spread) -> NoiseSchedule | FlowSchedule: ...
