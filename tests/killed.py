#!/usr/bin/env python
"""A run that is killed at random instants, again and again, must end as one that was left in peace.

    python tests/killed.py FOLDER BASE

Trains in FOLDER/whole, then in FOLDER/killed0, killed1, ... in processes that are killed (SIGKILL) and go on
from what they left; the last line of the output says how often. nbs/04_train.ipynb runs it and compares
every byte; it needs os.fork.
"""
import json, os, random, signal, sys, time
from pathlib import Path

if not hasattr(os, 'fork'): sys.exit('needs os.fork, which this system has not')

import torch

from dreambooth_nb.core import to_pil
from dreambooth_nb.craft.latents import LatentCache
from dreambooth_nb.data import Batches
from dreambooth_nb.craft.opening import load
from dreambooth_nb.craft.settings import TrainConfig
from dreambooth_nb.train import train

where, base = Path(sys.argv[1]), sys.argv[2]
torch.set_num_threads(1)
sys.stderr = open(os.devnull, 'w')
model = load(base)
pixels = torch.stack([torch.linspace(-1, 1, 3*64*64).reshape(3, 64, 64).roll(k*7, -1) for k in range(3)])


def cache(x, prompt):
    return LatentCache.build(to_pil(x), [prompt]*3, ['a', 'b', 'c'], model.encode_images)


instance, class_ = cache(pixels, 'a photo of a sks dog'), cache(pixels.flip(-2), 'a photo of a dog')


def run(name):
    cfg = TrainConfig('photos', 'a photo of a sks dog', str(where/name), class_prompt='a photo of a dog',
                      train_batch_size=1, gradient_accumulation_steps=2, learning_rate=1e-2,
                      max_train_steps=4, checkpointing_steps=1, use_ema=True, resume_from_checkpoint='latest')
    train(model, Batches(instance, class_, 1, 0), cfg, progress=False)


def child(name):
    "A copy of this process that trains."
    if pid := os.fork(): return pid
    try:
        run(name)
        os._exit(0)
    except BaseException as e:
        (where/'error.txt').write_text(f'{type(e).__name__}: {e}')
    os._exit(1)


start = time.time()
code = os.waitpid(child('whole'), 0)[1]
took = time.time() - start
rng, kills, finished, left = random.Random(0), 0, 0, 0
while kills < 12 and code == 0 and time.time() - start < 240:
    pid = child(f'killed{finished}')
    time.sleep(took*rng.uniform(.02, .35))
    os.kill(pid, signal.SIGKILL)
    code = os.waitpid(pid, 0)[1]
    left += len(list((where/f'killed{finished}').glob('.*tmp')))
    if code == signal.SIGKILL: kills, code = kills + 1, 0
    else: finished += 1
if code == 0:
    code = os.waitpid(child(f'killed{finished}'), 0)[1]
    finished += 1
print(json.dumps(dict(code=code, took=round(took, 2), kills=kills, finished=finished, cut_short=left,
                      seconds=round(time.time() - start, 1))))
