"""Diffusers' published scripts against our commands with their flags: two programs, the same folders, one
stopwatch."""
import hashlib, json, pathlib, re, subprocess, sys, tempfile

import torch

from dreambooth_nb.core import to_pil
from dreambooth_nb.craft.adapters import LoRA
from dreambooth_nb.craft.memory import forecast

from . import models
from .measure import spread
from .rows import CLASS, INSTANCE, Skip, room

# by script, whose flags ours takes by the same name: the base, the side of the pictures, its steps, of them
# those at the beginning, which warm up, and what else it is given
RUNS = dict(train_dreambooth=('micro', None, 12, 3, ['--train_text_encoder', '--train_batch_size', 2]),
            train_dreambooth_lora=('sd15', 64, 4, 1, ['--rank', 4, '--train_batch_size', 1]))


def folders(work, shape, side=None):
    "A base, four photos and eight class images on the disk; the script's flags that name them."
    model = models.make(shape)
    model.save(work/'base')
    g, side = torch.Generator().manual_seed(1), side or model.resolution
    for name, n in (('photos', 4), ('class', 8)):
        (work/name).mkdir()
        pictures = torch.rand(n, 3, 8, 8, generator=g)*2 - 1
        for k, im in enumerate(to_pil(pictures)):
            im.resize((side, side)).save(work/name/f'{k}.png')
    return ['--pretrained_model_name_or_path', work/'base', '--instance_data_dir', work/'photos',
            '--class_data_dir', work/'class', '--resolution', side, '--instance_prompt', INSTANCE,
            '--class_prompt', CLASS, '--with_prior_preservation', '--num_class_images', 8]


LIBRARIES = 6e8 # bytes of a program before it has loaded a model


def fits(shape, side, rows, lora, precision):
    """Raises Skip where one of the programs has no room: in memory, by the forecast of a step; on the disk
    for the base, and where all weights are trained for a copy and for a checkpoint with their moments."""
    f = forecast('micro' if shape == 'micro' else lambda: models.make(shape, 'meta'), rows,
                 'lora' if lora else 'unet+text_encoder', LoRA(4) if lora else None, resolution=side,
                 mixed_precision=precision)
    room(f.peak + LIBRARIES, disk=(1 if lora else 5)*f.weights)


def which(peer):
    "Which script it is: the oldest diffusers that it takes, as it says itself, and its content."
    text = pathlib.Path(peer).read_bytes()
    least = re.search(rb'check_min_version\(["\']([\w.]+)', text)
    return dict(least_diffusers=least and least[1].decode(), sha256=hashlib.sha256(text).hexdigest())


def run(program, flags, work, apart):
    "What the stopwatch says of one run. Raises Skip where the program fails."
    with tempfile.TemporaryDirectory(dir=work) as out:
        result = pathlib.Path(out)/'stopwatch.json'
        command = ['-m', 'benchmarks.stopwatch', result, program, *flags, '--output_dir', f'{out}/model']
        done = subprocess.run([sys.executable, *map(str, command)], capture_output=True, text=True)
        if done.returncode: raise Skip(f'{program}: {(done.stderr.strip().splitlines() or ["fails"])[-1]}')
        found = json.loads(result.read_text())
    if not found['starts'] or len(found['steps']) <= apart:
        raise Skip(f'{program}: it ended after {len(found["steps"])} steps, and {apart + 1} are needed.')
    [start], first, whole = found['starts'], found['steps'][0], found['whole']
    begin, *_, end = ends = found['steps'][apart - 1:]
    step = [(b - a)/(len(ends) - 1) for a, b in zip(begin, end)]
    times = dict(start=start, first_step=first, step=step, whole=whole) # by the clock and by the processor
    return dict(**{f'{what}_s': v[0] for what, v in times.items()},
                **{f'{what}_processor_s': v[1] for what, v in times.items()}, peak_bytes=found['peak'])


def programs(peer, n, precision='no'):
    """Both programs in turn: the time to the first backward, by the clock and by the processor; to the end of
    the first step; of a step and of the whole run; peak memory."""
    name = pathlib.Path(peer).stem
    if name not in RUNS: raise Skip(f'{peer}: give {" or ".join(f"{known}.py" for known in RUNS)}')
    shape, side, steps, apart, more = RUNS[name]
    fits(shape, side, 2*more[-1], name.endswith('_lora'), precision)
    with tempfile.TemporaryDirectory(prefix='benchmark-') as work:
        flags = [*folders(pathlib.Path(work), shape, side), *more, '--max_train_steps', steps,
                 '--learning_rate', 1e-6, '--lr_warmup_steps', 0, '--seed', 0,
                 *(['--mixed_precision', precision] if precision != 'no' else [])]
        found = {'ours': [], 'theirs': []}
        for k in range(n):
            pair = [('ours', f'dreambooth_nb.{name}'), ('theirs', str(peer))]
            for side, program in pair if k % 2 == 0 else pair[::-1]:
                found[side].append(run(program, flags, work, apart))
    values = {side: {k: spread([one[k] for one in runs]) for k in runs[0]} for side, runs in found.items()}
    ratio = {k: spread([b[k]/a[k] for a, b in zip(found['ours'], found['theirs'])]) for k in found['ours'][0]}
    return dict(script=f'{name}.py', **which(peer), shape=shape, flags=[*map(str, more)], steps=steps,
                precision=precision, **values, ratio=ratio)
