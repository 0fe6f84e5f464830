# Made by .ci/make_stubs.py: change the notebook.
from collections.abc import Iterator
from dataclasses import field
from typing import Any, ClassVar
from copy import deepcopy
from dataclasses import dataclass
import torch
import torch.nn.functional as F
from diffusers import SD3Transformer2DModel
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModelWithProjection
from ..core import as_path
from ..craft.flow import time_density
from ..craft.timesteps import timesteps_at
from ..losses import mse_per_example, q_sample, target
from ..model import StableDiffusion
from ..craft.opening import load
from .readers import Count
from .pretrain import GOALS, Shards, StageLoss, card_row, encode_all, train_stage
__all__ = ['FLOW_GOALS', 'new_flow', 'flow_loss', 'FlowRecipe', 'pretrain_flow', 'flow_card']
_SCHEDULER: Any
def new_flow(base: StableDiffusion, layers: int=7, heads: int=6, width: int=128) -> StableDiffusion: ...
_ABSENT: Any
def flow_loss(model: StableDiffusion, pictures: Shards, mean: Tensor, std: Tensor, step: int, batch_size: int=32) -> StageLoss: ...
def pretrain_flow(recipe: FlowRecipe, folder, out, device='cpu') -> StableDiffusion: ...
_CARD: str
FLOW_GOALS: Any
def flow_card(recipe: FlowRecipe, counts: dict[str, Count], how: str) -> str: ...
@dataclass
class FlowRecipe:
    start: str | None = ...
    shards: int = ...
    steps: int = ...
    batch_size: int = ...
    lr: float = ...
    seed: int = ...
