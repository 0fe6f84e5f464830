"""Bytes that a step of training a LoRA takes, with weights of no meaning (nbs/craft/memory.ipynb).

    python tests/real_size.py FOLDER [checkpointing]   FOLDER: the configurations of a model
"""
import sys, tempfile

import psutil
import torch

from dreambooth_nb.craft.adapters import LoRA
from dreambooth_nb.craft.opening import load, skeleton
from dreambooth_nb.craft.tiny import tiny_base
from dreambooth_nb.craft.optimizers import make_optimizer


def step(m, checkpointing):
    m.tune(checkpointing).train()
    optimizer = make_optimizer('adamw', m.trainable(train='lora', lora=LoRA(16)), 1e-6)
    x, t = torch.zeros(2, *m.latent_shape), torch.zeros(2, dtype=torch.long)
    ids = [torch.zeros(2, e.config.max_position_embeddings, dtype=torch.long) for _, e in m.encoders]
    m.unet(x, t, **m.condition_ids(ids)).sample.square().mean().backward()
    optimizer.step()


def main(folder, checkpointing):
    with tempfile.TemporaryDirectory() as d:
        step(load(tiny_base(d)), True) # loads the libraries
    before = psutil.Process().memory_info().rss
    with torch.device('meta'):
        m = skeleton(folder)
    for net in m.modules():
        net.to_empty(device='cpu')
        with torch.no_grad():
            for p in [*net.parameters(), *net.buffers()]:
                p.fill_(.01 if p.is_floating_point() else 0)
    step(m, checkpointing)
    print(1024*int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) - before)


if __name__ == '__main__': main(sys.argv[1], 'checkpointing' in sys.argv)
