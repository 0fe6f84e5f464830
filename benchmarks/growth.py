"""How what a run costs grows with its photos, class images, concepts and steps, and drawing with the number
of prompts: `python -m benchmarks --growth`. The memory of a size is that of a process of its own, since the
C library keeps what another size has freed: `python -m benchmarks.growth photos 1000` prints its bytes."""
import gc, io, pathlib, subprocess, sys, tempfile
from functools import partial
from types import SimpleNamespace
from unittest import mock

import numpy as np
import psutil, torch
from PIL import Image

from dreambooth_nb.craft.latents import Latent, LatentCache
from dreambooth_nb.data import Batches, Concept
from dreambooth_nb.craft.log import Log
from dreambooth_nb.craft.checkpoints import LogFile, fingerprints
from dreambooth_nb.cfg_sampler import sample
from dreambooth_nb.craft.pictures import save_png
from dreambooth_nb.craft.report import preflight

from . import measure, models
from .rows import CLASS, INSTANCE, Skip, room

SIZES = (10, 100, 1000, 10000)
SHAPE = 4, 64, 64 # of a picture of Stable Diffusion's, in the latent space: a mean and a deviation of each
DATA = dict(photos=lambda n: (n, 50), class_images=lambda n: (4, n), concepts=lambda n: (4, 8, n))


def cache(n, prompt, concepts=1):
    "Latents of n pictures of each concept, of the size that Stable Diffusion's have."
    size = torch.zeros(6, dtype=torch.long)
    prompts = [f'{prompt} {c}'*(concepts > 1) or prompt for c in range(concepts) for _ in range(n)]
    latents = [Latent(torch.zeros(SHAPE), torch.ones(SHAPE), size=size) for _ in prompts]
    return LatentCache(latents, prompts, [f'{k}' for k in range(len(prompts))])


def fits(photos, class_images, concepts=1):
    "Raises Skip where there is no room for so many."
    room(2*4*int(np.prod(SHAPE))*(photos + class_images)*concepts)


def batches(photos, class_images, concepts=1):
    "The data of a run, so many of each concept."
    return Batches(cache(photos, INSTANCE, concepts), cache(class_images, CLASS, concepts), 4, 0)


def milliseconds(f, n=5):
    "The least of a few calls: what others do on the machine only adds."
    times = []
    for _ in range(n):
        times.append(1e3*measure.seconds(f, 'cpu'))
    return min(times)


def of_data(model, what, n):
    "The batch of a step, and what identifies the data."
    fits(*DATA[what](n))
    data, steps = batches(*DATA[what](n)), iter(range(100))
    return dict(batch_ms=milliseconds(lambda: data.batch(next(steps))),
                identified_ms=milliseconds(lambda: fingerprints(model, data), 1))


ROW = dict(step=1, lr=1e-4, loss=.5, instance_loss=.2, class_loss=.3, grad_norm=1.)


def lines(steps):
    "The log of a run of so many steps."
    return Log(dict(ROW, step=k) for k in range(steps))


def log(steps):
    "A further line of the log, and the part of a checkpoint that the log is."
    with tempfile.TemporaryDirectory() as folder:
        run = SimpleNamespace(accelerator=SimpleNamespace(is_main_process=True), folder=pathlib.Path(folder),
                              log=lines(steps), row=dict(ROW))
        (run.folder/'config.yaml').touch()
        file = LogFile()
        whole = milliseconds(lambda: file.before_train(run), 1)
        line = milliseconds(lambda: file.after_step(run))
        def save():
            torch.save(list(run.log), io.BytesIO())
        return dict(line_ms=line, written_anew_ms=whole, in_checkpoint_ms=milliseconds(save))


def drawn(model, n, side=64):
    "Pictures written as they are made, without the networks' work: all that could grow with their number."
    def made(model, shots, **start):
        return [Image.new('RGB', (side, side)) for _ in shots]
    with tempfile.TemporaryDirectory() as folder, mock.patch('dreambooth_nb.cfg_sampler._draw_some', made):
        def written(k, im):
            return save_png(im, pathlib.Path(folder)/f'{k}.png', model)
        return sample(model, [f'{INSTANCE} {k}' for k in range(n)], list(range(n)), on_image=written)


def photos_in(folder, n, side=256):
    "So many photos on the disk: their paths, and the subject that they show."
    noise, paths = np.random.default_rng(0), [pathlib.Path(folder)/f'{k}.jpg' for k in range(n)]
    for path in paths:
        tiles = Image.fromarray(noise.integers(0, 255, (8, 8, 3), dtype=np.uint8))
        tiles.resize((side, side)).save(path)
    return paths, Concept(pathlib.Path(folder), INSTANCE)


def looked_at(n):
    "So many photos decoded, one after the other and no more than that; and what the look before a run takes."
    with tempfile.TemporaryDirectory() as folder:
        paths, subject = photos_in(folder, n)
        def decode():
            for path in paths:
                Image.open(path).convert('RGB').load()
        return dict(decoding_ms=milliseconds(decode, 3),
                    look_ms=milliseconds(lambda: preflight(subject), 3))


def maker(what, n, folder):
    "A function that makes what is kept of so many."
    if what in DATA: return lambda: batches(*DATA[what](n))
    if what == 'steps': return lambda: lines(n)
    if what == 'looked_at':
        _, subject = photos_in(folder, n)
        return lambda: preflight(subject)
    model = models.make('micro')
    return lambda: drawn(model, n)


def held(what, n):
    """Bytes by which this process grows when it makes that. It has to be a fresh one: what was freed before
    is used again, and would not be counted."""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as many:
        if what not in DATA: maker(what, 1, one)() # what is loaded at the first use
        make = maker(what, n, many)
        gc.collect()
        before = psutil.Process().memory_info().rss
        made = make() # noqa: F841 (kept until the second look)
        return psutil.Process().memory_info().rss - before


def memory(what, n):
    "The bytes of so many, from a process of its own. Raises Skip where it fails."
    if what in DATA: fits(*DATA[what](n))
    done = subprocess.run([sys.executable, '-m', 'benchmarks.growth', what, str(n)], capture_output=True,
                          text=True)
    if done.returncode: raise Skip((done.stderr.strip().splitlines() or ['its process ended'])[-1])
    return dict(bytes=int(done.stdout.split()[-1]))


def of_one(f, what, n):
    "Milliseconds and bytes of so many; where there is no room for them, why they are left out."
    try:
        return f(n) | memory(what, n)
    except Skip as e:
        return dict(not_measured=str(e))


def growth(most=SIZES[-1]):
    "All of it by number, up to so many."
    model = models.make('micro')
    model.fingerprint() # once a model
    def pictures(n):
        start = measure.clock()
        drawn(model, n)
        return dict(picture_ms=1e3*(measure.clock() - start)/n)
    kinds = dict(photos=SIZES, class_images=(*SIZES[:-1], 5000), concepts=(1, 5, 10, 50))
    kinds = {what: (partial(of_data, model, what), sizes) for what, sizes in kinds.items()}
    kinds |= dict(prompts=(pictures, SIZES), steps=(log, SIZES), looked_at=(looked_at, (10, 100, 500, 2000)))
    return {what: {n: of_one(f, what, n) for n in sizes if n <= most} for what, (f, sizes) in kinds.items()}


if __name__ == '__main__': print(held(sys.argv[1], int(sys.argv[2])))
