#!/usr/bin/env python
"""A step of training and a step of sampling on a device that is not there: nothing is mixed, nobody waits.

    python tests/without_device.py

The device is torch's `meta`: its tensors have a shape and a type and no numbers. An operation on tensors of
both is refused, as a GPU refuses it. Whatever would make the CPU wait for a GPU is noted with its place, and
there may be no more of it than BUDGET says.
"""
import sys, tempfile, traceback
from functools import partial
from unittest import mock

import torch
from accelerate import Accelerator
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from dreambooth_nb.core import generator
from dreambooth_nb.craft.latents import Latent, LatentCache
from dreambooth_nb.data import Batches
from dreambooth_nb.craft.opening import load
from dreambooth_nb.craft.tiny import tiny_base
from dreambooth_nb.craft.settings import TrainConfig
from dreambooth_nb.craft.prompts import make_settings
from dreambooth_nb import cfg_sampler, train

BUDGET = dict(training=1, sampling=0)  # waits for each step: the numbers of the log
GPU = torch.device('meta')
READS = torch.ops.aten._local_scalar_dense, torch.ops.aten.equal, torch.ops.aten.is_nonzero


class Watch(TorchDispatchMode):
    "Refuses what a GPU would, and notes in `waits` where the CPU would wait for it."
    def __init__(self):
        super().__init__()
        self.waits = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs, op = kwargs or {}, func.overloadpacket
        tensors = [t for t in tree_leaves((args, kwargs)) if isinstance(t, torch.Tensor)]
        there = {t.is_meta for t in tensors if t.ndim or t.is_meta} # a single number may come from the CPU
        if op is torch.ops.aten._to_copy: return self.copied(func, args, kwargs)
        if op is torch.ops.aten.copy_ and len(there) == 2:
            if not (len(args) > 2 and args[2]): self.note()
            return args[0]
        if len(there) == 2: raise RuntimeError(f'{op}: tensors of both devices, in {place()}')
        if op in READS and True in there:
            self.note()
            return 1.
        return func(*args, **kwargs)

    def copied(self, func, args, kwargs):
        "Onto the device it may go without waiting; back it never does."
        source, goes = args[0], kwargs.get('device')
        onto = source.is_meta if goes is None else torch.device(goes).type == 'meta'
        if onto != source.is_meta and not (onto and kwargs.get('non_blocking')): self.note()
        if onto or not source.is_meta: return func(*args, **kwargs)
        return torch.ones(source.shape, dtype=kwargs.get('dtype') or source.dtype)

    def note(self):
        self.waits.append(place())


def place():
    "The line of ours that is at work."
    own = [f for f in traceback.extract_stack() if '/dreambooth_nb/' in f.filename]
    return f'{own[-1].filename.rpartition("/")[2]}:{own[-1].lineno}: {own[-1].line}' if own else 'a test'


def on_device(model):
    "The model on the device."
    for net in model.modules():
        net.to(GPU)
    return model


def some(model, n, name):
    shape = model.latent_shape
    rows = [torch.randn(shape, generator=generator(0, name, k)) for k in range(n)]
    sizes = torch.tensor([64, 64, 0, 0, 64, 64])
    return LatentCache([Latent(z, z.abs(), size=sizes) for z in rows], [f'a photo of a {name}']*n,
                       [str(k) for k in range(n)])


def training(base, folder, **settings):
    "The places where two steps of training wait."
    model = load(base)
    data = Batches(some(model, 3, 'sks dog'), some(model, 3, 'dog'), 2, 0)
    cfg = TrainConfig(instance_prompt='a photo of a sks dog', class_prompt='a photo of a dog',
                      instance_data_dir='photos', output_dir=folder, train_batch_size=2, optimizer='sgd',
                      **settings)
    with Watch() as watch, mock.patch.object(train, 'fingerprints', lambda *_: {}), \
         mock.patch.object(Accelerator, 'device', GPU):
        run = train.Run(on_device(model), data, cfg)
        run.one_step() # frozen text is read at first
        watch.waits.clear()
        for _ in range(2):
            run.one_step()
    return watch.waits


def sampling(base, **settings):
    "The places where sampling waits: twice as many steps may not add any."
    model, found = on_device(load(base)), []
    for n in (2, 4):
        same = dict(prompt='a photo of a dog', num_inference_steps=n, **settings)
        with Watch() as watch:
            cfg_sampler.denoise(model, [make_settings(seed=s, **same) for s in (0, 1)])
        found.append(watch.waits)
    return found[1][len(found[0]):]


TRAINING = [{}, dict(train='lora'), dict(use_ema=True, snr_gamma=5.), dict(loss_type='huber'),
            dict(noise_offset=.1, gradient_accumulation_steps=2)]


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as d:
        bases = {family: tiny_base(f'{d}/{family}', family) for family in ('sd1', 'sdxl', 'sd3', 'flux')}
        rows = [('training', partial(training, base, f'{d}/out', **how), f'{family} {how}')
                for family, base in bases.items() for how in TRAINING]
        rows += [('sampling', partial(sampling, base, solver=solver), f'{family} {solver}')
                 for family, base in bases.items() for solver in cfg_sampler.STEPS]
        for kind, f, name in rows:
            try:
                waits = f()
            except RuntimeError as e:
                waits, wrong = [], str(e).splitlines()[0]
            else:
                wrong = f'{len(waits)} waits in two steps' if len(waits) > 2*BUDGET[kind] else None
            failed += bool(wrong)
            print(f'{kind}, {name}: {wrong or f"{len(waits)/2:g} waits a step"}', *waits, sep='\n    ')
    print(f'{len(rows) - failed} passed, {failed} failed')
    sys.exit(bool(failed))


if __name__ == '__main__': main()
