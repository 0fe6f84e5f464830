"""Stable Diffusion 1.5 and XL at their real size, without their weights (nbs/craft/memory.ipynb).

    python tests/real_size.py [checkpointing]   what a step of training a LoRA on 1.5 takes, bytes
"""
import sys, tempfile

import psutil
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from dreambooth_nb.model import StableDiffusion
from dreambooth_nb.craft.adapters import LoRA
from dreambooth_nb.craft.opening import load, skeleton, tiny_base
from dreambooth_nb.craft.optimizers import make_optimizer


def real(xl=False): # made where the surroundings say
    small, cross = skeleton('micro'), 'CrossAttn{}Block2D'
    blocks = ['{}Block2D', cross, cross] if xl else [cross]*3 + ['{}Block2D']
    added = dict(addition_embed_type='text_time', addition_time_embed_dim=256, use_linear_projection=True,
                 projection_class_embeddings_input_dim=2816, transformer_layers_per_block=[1, 2, 10])
    unet = UNet2DConditionModel(
        sample_size=128 if xl else 64,
        block_out_channels=[320, 640, 1280, 1280][:len(blocks)],
        cross_attention_dim=2048 if xl else 768,
        attention_head_dim=[5, 10, 20] if xl else 8,
        down_block_types=[b.format('Down') for b in blocks],
        up_block_types=[b.format('Up') for b in blocks[::-1]],
        **added if xl else {})
    vae = AutoencoderKL(block_out_channels=[128, 256, 512, 512], layers_per_block=2,
                        down_block_types=['DownEncoderBlock2D']*4, up_block_types=['UpDecoderBlock2D']*4)
    text = CLIPTextModel(CLIPTextConfig(hidden_size=768, intermediate_size=3072, num_attention_heads=12))
    wide = CLIPTextConfig(hidden_size=1280, intermediate_size=5120, num_hidden_layers=32,
                          num_attention_heads=20, projection_dim=1280, hidden_act='gelu')
    more = dict(tokenizer_2=small.tokenizer, text_encoder_2=CLIPTextModelWithProjection(wide)) if xl else {}
    return StableDiffusion(small.tokenizer, text, vae, unet, small.scheduler_config,
                           'sdxl' if xl else 'sd15', **more)


def step(m, checkpointing):
    m.tune(checkpointing).train()
    optimizer = make_optimizer('adamw', m.trainable(train='lora', lora=LoRA(16)), 1e-6)
    x, t = torch.zeros(2, *m.latent_shape), torch.zeros(2, dtype=torch.long)
    ids = [torch.zeros(2, e.config.max_position_embeddings, dtype=torch.long) for _, e in m.encoders]
    m.unet(x, t, **m.condition_ids(ids)).sample.square().mean().backward()
    optimizer.step()


def main(checkpointing):
    with tempfile.TemporaryDirectory() as d: step(load(tiny_base(d)), True) # loads the libraries
    before = psutil.Process().memory_info().rss
    with torch.device('meta'): m = real()
    for net in m.modules():
        net.to_empty(device='cpu')
        with torch.no_grad():
            for p in [*net.parameters(), *net.buffers()]: p.fill_(.01 if p.is_floating_point() else 0)
    step(m, checkpointing)
    print(1024*int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) - before)


if __name__ == '__main__': main('checkpointing' in sys.argv)
