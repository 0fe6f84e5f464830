"""What each means gains alone: ours with it against ours without it, the same numbers in turn."""
import contextlib, shutil, tempfile
from unittest import mock

import torch

from dreambooth_nb.craft.optimizers import make_optimizer
from dreambooth_nb.craft.speed import picture_once
from dreambooth_nb.cfg_sampler import sample

from . import models
from .measure import flops, pairs
from .rows import ROWS, Bench, Skip, arrays, bf16_here, compiling, our_step, row, run_of

PROMPTS = ['a photo of a dog']


def switch(bench, what, on, off, difference, tolerance, n=10, **settings):
    "A row: `on` in the place of ours, `off` in the place of theirs."
    times = pairs(on, off, bench.device, bench.much(n), bench.limit, 1)
    return dict(theirs=f'ours without {what}', settings=settings, **times,
                correct=dict(difference=difference, tolerance=tolerance, within=difference <= tolerance))


def operations(name):
    """Operations of the call without a means, divided by those of the call with it: its gain where they are
    all that counts. Of the micro model on a CPU; nothing is timed."""
    def counted(on, off, *_):
        return dict(counted=flops(off)/flops(on))
    bench = Bench('cpu', False)
    with mock.patch(f'{__name__}.pairs', counted):
        return ROWS[name][0](bench)['counted']


def runs(bench, *settings, rows=4, dtype=torch.float32):
    "A run of the micro model for each of these settings, two steps old."
    found = []
    for how in settings:
        run, _ = run_of(models.make('micro', bench.device, dtype), tempfile.mkdtemp(), rows,
                        dict(learning_rate=1e-4, seed=0) | how)
        for _ in range(2):
            our_step(run)
        found.append(run)
    return found


def apart(a, b):
    "The largest relative difference of the losses that both runs have."
    return max(abs(x['loss'] - y['loss'])/abs(x['loss']) for x, y in zip(a.log, b.log))


def steps(bench, what, with_it, without, tolerance, between=contextlib.nullcontext(), **how):
    "A training step under two settings; the run of the second is made within `between`."
    [a] = runs(bench, with_it | how)
    with between:
        [b] = runs(bench, without | how)
    how = with_it | how
    return switch(bench, what, lambda: our_step(a), lambda: our_step(b), apart(a, b), tolerance, **how)


@row('without-cached-posteriors')
def _(b):
    run, pixels = run_of(models.make('micro', b.device), tempfile.mkdtemp(), 4, dict(learning_rate=1e-4))
    def posteriors():
        return run.model.encode_images(pixels.to(b.device))
    def encoded():
        posteriors()
        our_step(run)
    kept = [z for kind in run.data.caches for z in run.data.cache(kind, 0).latents]
    kept = [torch.stack([getattr(z, part) for z in kept]) for part in ('mean', 'std')]
    off = max(float((a.cpu() - b).abs().max()) for a, b in zip(posteriors(), kept))
    return switch(b, 'cached posteriors', lambda: our_step(run), encoded, off, 1e-5)


@row('without-remembered-text')
def _(b):
    first, second = runs(b, *[dict(train='lora')]*2)
    second.condition = second.model.condition
    for run in (first, second):
        our_step(run)
    return switch(b, 'remembered text', lambda: our_step(first), lambda: our_step(second),
                  apart(first, second), 1e-5, train='lora')


def adamw(b, what, foreach):
    "The fused kernel against another AdamW of torch."
    def plain(*args, **how):
        return make_optimizer(*args, **how, foreach=foreach)
    return steps(b, what, {}, {}, 1e-4, mock.patch('dreambooth_nb.train.make_optimizer', plain))


@row('without-fused-adamw')
def _(b):
    return adamw(b, 'the fused AdamW', b.cuda)


@row('without-fused-adamw-foreach', 'cpu')
def _(b):
    return adamw(b, 'the fused AdamW, but by lists (foreach)', True)


@row('without-sdpa')
def _(b):
    return steps(b, 'one kernel for attention, by the formula (eager)', {}, dict(attention='eager'), 1e-4)


@row('without-sdpa-sliced')
def _(b):
    return steps(b, 'one kernel for attention, half the heads at a time (sliced)', {},
                 dict(attention='sliced'), 1e-4)


@row('without-bf16-base')
def _(b):
    bf16_here(b)
    how = dict(train='lora', mixed_precision='bf16')
    [kept], [cast] = (runs(b, how, dtype=dtype) for dtype in (torch.bfloat16, torch.float32))
    return switch(b, "a LoRA's base kept in bf16, cast at each call", lambda: our_step(kept),
                  lambda: our_step(cast), apart(kept, cast), .05, **how)


@row('without-overlapped-checkpoints')
def _(b):
    [run] = runs(b, {})
    n = b.much(10) # steps from one checkpoint to the next
    def some(wait):
        run.save()
        if wait: run.writer.wait()
        for _ in range(n):
            our_step(run)
        run.writer.wait() # nothing of it is left for the others
    def manifest(then):
        run.save()
        then()
        return (run.checkpoint/'manifest.json').read_text()
    weights = run.model.unet.conv_in.bias.data
    try:
        off = float(manifest(lambda: None) != manifest(lambda: weights.add_(1))) # written as they were
        weights.sub_(1)
        return switch(b, f'checkpoints aside, one in {n} steps', lambda: some(False), lambda: some(True),
                      off, 0.)
    finally:
        shutil.rmtree(run.folder, ignore_errors=True)


@row('without-bf16')
def _(b):
    bf16_here(b)
    return steps(b, 'bf16', dict(mixed_precision='bf16'), {}, .05)


@row('without-cuda-graphs', 'cuda')
def _(b):
    return steps(b, 'CUDA graphs', dict(cuda_graphs=True), {}, 1e-3)


@row('without-text-once')
def _(b):
    model = models.make('micro', b.device)
    def draw():
        return sample(model, PROMPTS, [0], num_inference_steps=b.much(25))
    def plain():
        never = mock.patch('dreambooth_nb.craft.speed.text_once', lambda unet: contextlib.nullcontext())
        with never:
            return draw()
    off = float(abs(arrays(draw()) - arrays(plain())).max())
    return switch(b, 'keys and values once a picture', draw, plain, off, 0.)


def without_picture_once(b, what, **how):
    "Eight pictures, with what is computed before the text once for both of guidance's rows, and twice."
    model, other = (models.make('micro', b.device).tune(**how) for _ in range(2))
    def draw(m):
        return sample(m, PROMPTS*8, range(8), num_inference_steps=b.much(25))
    def plain():
        nothing = picture_once(torch.nn.Identity()) # of which no layer comes before a text
        with mock.patch('dreambooth_nb.craft.speed.picture_once', lambda net: nothing):
            return draw(other)
    off = float(abs(arrays(draw(model)) - arrays(plain())).max())
    return switch(b, what, lambda: draw(model), plain, off, 1., **how)


@row('without-picture-once')
def _(b):
    return without_picture_once(b, 'the layers before the text once, eight pictures')


@row('without-picture-once-frozen', 'cpu')
def _(b):
    what = 'the layers before the text once, the same frozen'
    return without_picture_once(b, what, freeze=compiling(b))


def approximation(b, what, **how):
    "A picture with a setting that changes it, against the one without, and how far apart they are."
    model = models.make('micro', b.device)
    def draw(**how):
        return sample(model, PROMPTS, [0], num_inference_steps=b.much(25), **how)
    found = switch(b, what, lambda: draw(**how), draw, 0., 0., **how)
    gap = abs(arrays(draw(**how)) - arrays(draw())).mean()
    return found | dict(approximation=f'mean difference of pixels, of 255: {gap:.1f}')


@row('without-guidance-interval')
def _(b):
    return approximation(b, 'an interval of guidance', guidance_interval=(200, 800))


@row('without-guidance-1')
def _(b):
    return approximation(b, 'a guidance scale of 1, one pass instead of two', guidance_scale=1.)


@row('without-step-caching')
def _(b):
    return approximation(b, 'deep blocks at every other step', cache_interval=2)


def tuned(b, what, n=1, **how):
    "Pictures with a switch of `tune`, at most a step of colour from those without."
    model, other = (models.make('micro', b.device) for _ in range(2))
    model.tune(**how)
    def draw(m):
        return sample(m, PROMPTS*n, range(n), num_inference_steps=b.much(25))
    off = float(abs(arrays(draw(model)) - arrays(draw(other))).max())
    return switch(b, what, lambda: draw(model), lambda: draw(other), off, 1., **how)


@row('without-channels-last')
def _(b):
    return tuned(b, 'channels_last', channels_last=True)


@row('without-onednn', 'cpu')
def _(b):
    return tuned(b, 'linear layers by oneDNN, one picture', linear_by_onednn=True)


@row('without-onednn-8', 'cpu')
def _(b):
    return tuned(b, 'linear layers by oneDNN, eight pictures', 8, linear_by_onednn=True)


@row('without-onednn-train', 'cpu')
def _(b):
    return steps(b, 'linear layers by oneDNN, a step', dict(linear_by_onednn=True), {}, 1e-4)


@row('without-freeze', 'cpu')
def _(b):
    return tuned(b, 'frozen weights, one picture', freeze=compiling(b))


@row('without-freeze-8', 'cpu')
def _(b):
    return tuned(b, 'frozen weights, eight pictures', 8, freeze=compiling(b))


@row('without-compile')
def _(b):
    if b.quick: raise Skip('compiling takes minutes')
    model, other = (models.make('micro', b.device) for _ in range(2))
    try:
        model.tune(compile=True)
    except Exception as e:
        raise Skip(f'{type(e).__name__}: {e}') from e
    def draw(m):
        return sample(m, PROMPTS, [0], num_inference_steps=10)
    try:
        off = float(abs(arrays(draw(model)) - arrays(draw(other))).mean())
    except Exception as e:
        raise Skip(f'no compiler: {str(e).splitlines()[0]}') from e
    return switch(b, 'compiled blocks', lambda: draw(model), lambda: draw(other), off, 1.)
