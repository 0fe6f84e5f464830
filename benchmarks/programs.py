"""Diffusers' published script against our command with its flags: two programs, the same folders, one
stopwatch."""
import json, pathlib, subprocess, sys, tempfile

import torch

from dreambooth_nb.core import to_pil

from . import models
from .measure import spread
from .rows import CLASS, INSTANCE, Skip

STEPS, APART = 12, 3 # of a run; of them at its beginning, which warm up
OURS = 'dreambooth_nb.train_dreambooth' # takes the script's flags


def folders(work, shape):
    "A base, four photos and eight class images on the disk; the script's flags that name them."
    model = models.make(shape)
    model.save(work/'base')
    g, side = torch.Generator().manual_seed(1), model.resolution
    for name, n in (('photos', 4), ('class', 8)):
        (work/name).mkdir()
        pictures = torch.rand(n, 3, 8, 8, generator=g)*2 - 1
        for k, im in enumerate(to_pil(pictures)): im.resize((side, side)).save(work/name/f'{k}.png')
    return ['--pretrained_model_name_or_path', work/'base', '--instance_data_dir', work/'photos',
            '--class_data_dir', work/'class', '--resolution', side, '--instance_prompt', INSTANCE,
            '--class_prompt', CLASS, '--with_prior_preservation', '--num_class_images', 8]


def run(program, flags, work):
    "What the stopwatch says of one run. Raises Skip where the program fails."
    with tempfile.TemporaryDirectory(dir=work) as out:
        result = pathlib.Path(out)/'stopwatch.json'
        command = ['-m', 'benchmarks.stopwatch', result, program, *flags, '--output_dir', f'{out}/model']
        done = subprocess.run([sys.executable, *map(str, command)], capture_output=True, text=True)
        if done.returncode: raise Skip(f'{program}: {(done.stderr.strip().splitlines() or ["fails"])[-1]}')
        found = json.loads(result.read_text())
    ends = found['steps'][APART - 1:]
    return dict(first_step_s=found['steps'][0], step_s=(ends[-1] - ends[0])/(len(ends) - 1),
                whole_s=found['whole'], peak_bytes=found['peak'])


def programs(peer, shape='micro', n=3, precision='no'):
    "Both programs in turn: the start-up to the end of the first step, a step, the whole run, peak memory."
    with tempfile.TemporaryDirectory(prefix='benchmark-') as work:
        flags = [*folders(pathlib.Path(work), shape), '--train_text_encoder', '--train_batch_size', 2,
                 '--max_train_steps', STEPS, '--learning_rate', 1e-6, '--lr_warmup_steps', 0, '--seed', 0,
                 *(['--mixed_precision', precision] if precision != 'no' else [])]
        found = {'ours': [], 'theirs': []}
        for k in range(n):
            pair = [('ours', OURS), ('theirs', str(peer))]
            for side, program in pair if k % 2 == 0 else pair[::-1]:
                found[side].append(run(program, flags, work))
    values = {side: {k: spread([one[k] for one in runs]) for k in runs[0]} for side, runs in found.items()}
    ratio = {k: spread([b[k]/a[k] for a, b in zip(found['ours'], found['theirs'])]) for k in found['ours'][0]}
    return dict(script=pathlib.Path(peer).name, shape=shape, rows='2 + 2 class images', steps=STEPS,
                precision=precision, **values, ratio=ratio)
