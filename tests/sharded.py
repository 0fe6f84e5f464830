#!/usr/bin/env python
"""One process and two: what they train must be the same.

    python tests/sharded.py FOLDER BASE

Runs of two steps, in FOLDER: PROCESSES/KIND for each kind of PLAIN, where each process takes its rows; then
sharded ones (FSDP), and runs that go on from each other's checkpoints. What the processes saw is in
one.json, two0.json and two1.json. nbs/craft/distributed.ipynb runs it and compares; it needs os.fork.
"""
import copy, json, os, signal, socket, sys
from dataclasses import replace
from pathlib import Path

if not hasattr(os, 'fork'): sys.exit('needs os.fork, which this system has not')

import torch
from accelerate import PartialState
from torch.distributed.tensor import DTensor

from dreambooth_nb.core import UserError, to_pil
from dreambooth_nb.craft.latents import LatentCache
from dreambooth_nb.data import Batches
from dreambooth_nb.craft.opening import load
from dreambooth_nb.craft.settings import TrainConfig
from dreambooth_nb.craft.checkpoints import read_checkpoint
from dreambooth_nb.craft.callbacks import Callback
from dreambooth_nb.train import train
from dreambooth_nb.craft.cost import Ledger

where, base = Path(sys.argv[1]), sys.argv[2]
torch.set_num_threads(1)
template = load(base)
pixels = torch.stack([torch.linspace(-1, 1, 3*64*64).reshape(3, 64, 64).roll(k*7, -1) for k in range(3)])


def cache(images, prompt):
    return LatentCache.build(images, [prompt]*3, ['a', 'b', 'c'], template.encode_images)


instance = cache(to_pil(pixels), 'a photo of a sks dog')
class_ = cache(to_pil(pixels.flip(-2)), 'a photo of a dog')
images = [im.resize((96, 48)) if k else im for k, im in enumerate(to_pil(pixels))]
wide = cache(images, 'a photo of a sks dog')
masks = torch.linspace(0, 1, 3*64).reshape(3, 1, 8, 8)
masked = replace(instance, latents=[replace(z, mask=m) for z, m in zip(instance.latents, masks)])

# sgd, since Adam makes as much of a gradient that is nothing but rounding as of any other
SGD = dict(optimizer='sgd', checkpointing_steps=2)
PLAIN = dict(full={}, masks=dict(photos=masked, gradient_checkpointing=True), sizes=dict(photos=wide),
             few=dict(b=1, others=None, with_prior_preservation=False),
             frozen=dict(train='unet', use_ema=True, ema_decay=.5),
             lora=dict(train='lora+text_encoder', rank=3),
             stopped=dict(stop_text_encoder_training=1, gradient_accumulation_steps=2))
FULL = SGD | dict(gradient_accumulation_steps=2)
LORA = dict(train='lora', rank=3, use_ema=True, checkpointing_steps=1)


class Look(Callback):
    "How many numbers this process has."
    vital, has, units = True, None, 0

    def before_train(self, run):
        if run.step: run.save()  # what was read is written again

    def after_step(self, run):
        with torch.no_grad():
            asks(run.step, run.row, run.model)  # all together they may
        self.units = sum(type(m).__name__.startswith('FSDP') for m in run.model.unet.modules())
        trained = [p for k, p in run.trained.items() if k.startswith('unet')]
        moments = [m for s in run.optimizer.state.values() for m in s.values() if m.shape]
        self.has = [self.own(ts) for ts in (run.model.unet.parameters(), trained, moments)]

    def own(self, ts):
        return sum((t.to_local() if isinstance(t, DTensor) else t).numel() for t in ts)


def asks(step, row, model):
    model.unet(torch.zeros(1, 4, 8, 8), 0, torch.zeros(1, 20, 16))
def weighs(step, row, model):
    model.unet.conv_in.weight.norm().item()


def run(name, b=2, photos=instance, others=class_, callbacks=(), progress=False, **changes):
    "A run; what became of it."
    cfg = TrainConfig(**dict(instance_data_dir='photos', instance_prompt='a photo of a sks dog',
                             output_dir=str(where/name), class_prompt='a photo of a dog', train_batch_size=b,
                             learning_rate=1e-2, max_train_steps=2, max_grad_norm=.1) | changes)
    own = copy.deepcopy(template.parts)
    model, look, ledger = replace(template, **own).tune(channels_last=True), Look(), Ledger('cpu')
    try:
        train(model, Batches(photos, others, b, 0), cfg, [look, ledger, *callbacks], progress)
    except UserError as e:
        return str(e)
    ledger.write()
    last = where/name/'checkpoint-2'
    kept = read_checkpoint(last) if last.is_dir() else None
    trained = [p for net in model.modules() for p in net.parameters() if p.requires_grad]
    wanted = kept and (kept['ema']['average'] if kept['ema'] else kept['weights'].values())
    return dict(has=look.has, ends=kept and all(map(torch.equal, trained, wanted)), units=look.units,
                model=model.fingerprint(), ordinary=type(model.unet).__name__,
                trained=sum(p.numel() for p in model.unet.parameters() if p.requires_grad),
                all=sum(p.numel() for p in model.unet.parameters()))


def one():
    for name, changes in PLAIN.items():
        run(f'1/{name}', **SGD | changes)
    told = dict(full=run('one/full', **FULL), lora=run('one/lora', **LORA))
    (where/'one.json').write_text(json.dumps(told))


def join(rank, port, **more):
    os.environ |= dict(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE='2', LOCAL_WORLD_SIZE='2',
                       MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port), ACCELERATE_USE_CPU='true', **more)
    PartialState._reset_state()
    PartialState(cpu=True)


def plain(rank, port):
    join(rank, port)
    for name, changes in PLAIN.items():
        if isinstance(said := run(f'2/{name}', **SGD | changes), str): raise ValueError(f'{name}: {said}')
    torch.distributed.destroy_process_group()


def two(rank, port):
    join(rank, port, ACCELERATE_USE_FSDP='true', FSDP_VERSION='2')
    with open(where/f'said{rank}.txt', 'w') as sys.stderr:
        told = dict(full=run('two/full', callbacks=[asks, weighs], progress=True, **FULL))
    sys.stderr = sys.__stderr__
    told['lora'] = run('two/lora', **LORA)
    run('two/again', **LORA, resume_from_checkpoint=f'{where}/two/lora/checkpoint-1')
    run('two/crossed', **LORA | dict(checkpointing_steps=9),
        resume_from_checkpoint=f'{where}/one/lora/checkpoint-1')
    told |= dict(few=run('two/few', b=1, others=None), wide=run('two/wide', photos=wide))
    (where/f'two{rank}.json').write_text(json.dumps(told))
    torch.distributed.destroy_process_group()


def back():
    run('one/back', **LORA | dict(checkpointing_steps=9),
        resume_from_checkpoint=f'{where}/two/lora/checkpoint-1')


def child(f, *args):
    "A copy of this process that does one thing."
    if pid := os.fork(): return pid
    signal.alarm(300)  # a process that waits for another in vain ends too
    try:
        f(*args)
        os._exit(0)
    except BaseException as e:
        (where/'error.txt').write_text(f'{type(e).__name__}: {e}')
    os._exit(1)


def port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


a, b = port(), port()
both = [(plain, rank, a) for rank in range(2)], [(two, rank, b) for rank in range(2)]
for group in ([(one,)], *both, [(back,)]):
    if any([os.waitpid(pid, 0)[1] for pid in [child(*job) for job in group]]): sys.exit(1)
