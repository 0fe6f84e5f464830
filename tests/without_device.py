#!/usr/bin/env python
"""A step of training and a step of sampling on a device that is not there: nothing is mixed, nobody waits.

    python tests/without_device.py

The device is torch's `meta`: its tensors have a shape and a type and no numbers. An operation on tensors of
both is refused, as a GPU refuses it. Whatever would make the CPU wait for a GPU is noted with its place, and
there may be no more of it than BUDGET says. And while a large text encoder reads, the denoiser is not there.
"""
import sys, tempfile, traceback
from contextlib import nullcontext
from functools import partial
from unittest import mock

import torch
from accelerate import Accelerator
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from dreambooth_nb.core import generator
from dreambooth_nb.craft import families
from dreambooth_nb.craft.latents import Latent, LatentCache
from dreambooth_nb.data import Batches
from dreambooth_nb.craft.opening import load
from dreambooth_nb.craft.tiny import tiny_base
from dreambooth_nb.craft.settings import TrainConfig
from dreambooth_nb.craft.speed import read_ahead
from dreambooth_nb.craft.prompts import make_settings
from dreambooth_nb import cfg_sampler, train

BUDGET = {'training': 1, 'sampling': 0, 'in turn': 0}  # waits for each step: the numbers of the log
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


def examples(model):
    return Batches(some(model, 3, 'sks dog'), some(model, 3, 'dog'), 2, 0)


def config(folder, **settings):
    return TrainConfig(instance_prompt='a photo of a sks dog', class_prompt='a photo of a dog',
                       instance_data_dir='photos', output_dir=folder, train_batch_size=2, optimizer='sgd',
                       **settings)


def training(base, folder, **settings):
    "The places where two steps of training wait."
    model = load(base)
    data, cfg = examples(model), config(folder, **settings)
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


def in_turn(base, folder):
    "Raises where a large text encoder and the denoiser are there at once: drawing, training, drawing again."
    model, seen = load(base), []
    large = dict(reader=model.readers[0], denoiser=model.denoiser)
    def there():
        return [k for k, net in large.items() if next(net.parameters()).is_meta]
    def note(name):
        return lambda *_: seen.append((name, there()))
    for name, net in large.items():
        net.register_forward_pre_hook(note(name))
    def draw(prompt):
        cfg_sampler.denoise(model, [make_settings(seed=0, prompt=prompt, num_inference_steps=2)])
    with Watch(), mock.patch.object(families, '_HOSTS', ('cpu',)):
        model.to(GPU)
        draw('a photo of a dog')
        with mock.patch.object(train, 'fingerprints', lambda *_: {}), \
             mock.patch.object(Accelerator, 'device', GPU), read_ahead(model, examples(model), ['a preview']):
            run = train.Run(model, examples(model), config(folder, train='lora'))
            run.one_step()
            draw('a preview')
        draw('a cat')
    wrong = [(name, found) for name, found in seen if found != [name]]
    if wrong: raise RuntimeError(f'at work, and there: {wrong[0]}; {len(wrong)} of {len(seen)} times')
    order = [name for k, (name, _) in enumerate(seen) if not k or seen[k - 1][0] != name]
    if order != ['reader', 'denoiser']*3: raise RuntimeError(f'at work were, in this order: {order}')
    return []


TRAINING = [{}, dict(train='lora'), dict(use_ema=True, snr_gamma=5.), dict(loss_type='huber'),
            dict(noise_offset=.1, gradient_accumulation_steps=2)]
# all of them, and all solvers, with a base of either idea; what other families add are layers and conditions
WHOLE, FEW = ('sd1', 'sd3'), (TRAINING[:2], ('ddim', 'euler'))


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as d:
        def base(family):
            return tiny_base(f'{d}/{family}', family, shallow=True)
        bases = {family: base(family) for family in ('sd1', 'sdxl', 'sd3', 'flux')}
        rows = []
        for family, where in bases.items():
            settings, solvers = (TRAINING, cfg_sampler.STEPS) if family in WHOLE else FEW
            rows += [('training', partial(training, where, f'{d}/out', **how), f'{family} {how}')
                     for how in settings]
            rows += [('sampling', partial(sampling, where, solver=solver), f'{family} {solver}')
                     for solver in solvers]
        rows += [('in turn', partial(in_turn, base(family), f'{d}/out'), family)
                 for family in ('flux', 'zimage', 'klein', 'if1')]
        for kind, f, name in rows:
            try: # autocast knows no such device
                with mock.patch('torch.autocast', lambda *_, **how: nullcontext()):
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
