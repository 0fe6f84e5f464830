# Made by .ci/make_stubs.py: change the notebook.
from collections.abc import Iterator
from dataclasses import field
from typing import Any, ClassVar
import math
from torch import Tensor
__all__ = ['GUIDANCE_SCHEDULES', 'rescale_guidance', 'scale_at']
def rescale_guidance(guided: Tensor, noise_cond: Tensor, guidance_rescale: float) -> Tensor: ...
GUIDANCE_SCHEDULES: Any
def scale_at(t: float, guidance_scale: float, guidance_interval: tuple | None=None, guidance_schedule: str='constant', num_train_timesteps: int=1000) -> float: ...
