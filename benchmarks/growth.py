"""How what a run costs grows with its photos, class images, concepts and steps, and drawing with the number
of prompts: `python -m benchmarks --growth`."""
import gc, io, pathlib, tempfile
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
from .rows import CLASS, INSTANCE

SIZES = (10, 100, 1000, 10000)


def cache(n, prompt, shape=(4, 64, 64), concepts=1):
    "Latents of n pictures of each concept, of the size that Stable Diffusion's have."
    size = torch.zeros(6, dtype=torch.long)
    prompts = [f'{prompt} {c}'*(concepts > 1) or prompt for c in range(concepts) for _ in range(n)]
    latents = [Latent(torch.zeros(shape), torch.ones(shape), size=size) for _ in prompts]
    return LatentCache(latents, prompts, [f'{k}' for k in range(len(prompts))])


def milliseconds(f, n=5):
    "The least of a few calls: what others do on the machine only adds."
    times = []
    for _ in range(n):
        times.append(1e3*measure.seconds(f, 'cpu'))
    return min(times)


def held(make):
    "What a call returns, and by how much the process has grown, bytes."
    gc.collect()
    before = psutil.Process().memory_info().rss
    made = make()
    return made, psutil.Process().memory_info().rss - before


def data(photos, class_images, concepts=1):
    "The batch of a step, what identifies the data, and the memory of both; so many of each concept."
    def made():
        return (cache(n, prompt, concepts=concepts)
                for n, prompt in ((photos, INSTANCE), (class_images, CLASS)))
    batches, size = held(lambda: Batches(*made(), 4, 0))
    steps = iter(range(100))
    return dict(batch_ms=milliseconds(lambda: batches.batch(next(steps))), bytes=size, data=batches)


def log(steps):
    "A further line of the log, and the part of a checkpoint that the log is."
    row = dict(step=1, lr=1e-4, loss=.5, instance_loss=.2, class_loss=.3, grad_norm=1.)
    with tempfile.TemporaryDirectory() as folder:
        run = SimpleNamespace(accelerator=SimpleNamespace(is_main_process=True), folder=pathlib.Path(folder),
                              log=Log(dict(row, step=k) for k in range(steps)), row=dict(row))
        (run.folder/'config.yaml').touch()
        file = LogFile()
        whole = milliseconds(lambda: file.before_train(run), 1)
        line = milliseconds(lambda: file.after_step(run))
        def save():
            torch.save(list(run.log), io.BytesIO())
        return dict(line_ms=line, written_anew_ms=whole, in_checkpoint_ms=milliseconds(save))


def drawn(model, n, side=64):
    "A picture written as it is made, without the networks' work: all that could grow with their number."
    def made(model, shots, **start):
        return [Image.new('RGB', (side, side)) for _ in shots]
    with tempfile.TemporaryDirectory() as folder, mock.patch('dreambooth_nb.cfg_sampler._draw_some', made):
        def written(k, im):
            return save_png(im, pathlib.Path(folder)/f'{k}.png', model)
        start, prompts = measure.clock(), [f'{INSTANCE} {k}' for k in range(n)]
        pictures, size = held(lambda: sample(model, prompts, list(range(n)), on_image=written))
        return dict(picture_ms=1e3*(measure.clock() - start)/len(pictures), bytes=size)


def looked_at(n, side=256):
    "So many photos decoded, one after the other and no more than that; and what the look before a run takes."
    noise = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        paths = [pathlib.Path(folder)/f'{k}.jpg' for k in range(n)]
        for path in paths:
            tiles = Image.fromarray(noise.integers(0, 255, (8, 8, 3), dtype=np.uint8))
            tiles.resize((side, side)).save(path)
        def decode():
            for path in paths:
                Image.open(path).convert('RGB').load()
        subject = Concept(pathlib.Path(folder), INSTANCE)
        return dict(decoding_ms=milliseconds(decode, 3),
                    look_ms=milliseconds(lambda: preflight(subject), 3))


def growth(most=SIZES[-1]):
    "Milliseconds and bytes by size, up to so many."
    def sizes(*some):
        return [n for n in some if n <= most]
    model = models.make('micro')
    found = dict(photos={}, class_images={}, concepts={}, prompts={}, steps={}, looked_at={})
    model.fingerprint() # once a model
    for n in sizes(10, 100, 500, 2000):
        found['looked_at'][n] = looked_at(n)
    def of_data(what, key, *counts):
        row = data(*counts)
        batches = row.pop('data')
        found[what][key] = row | dict(identified_ms=milliseconds(lambda: fingerprints(model, batches), 1))
    for n in sizes(1, 5, 10, 50):
        of_data('concepts', n, 4, 8, n)
    for n in sizes(*SIZES):
        found['prompts'][n] = drawn(model, n)
        of_data('photos', n, n, 50)
        of_data('class_images', min(n, 5000), 4, min(n, 5000))
        found['steps'][n] = log(n)
    return found
