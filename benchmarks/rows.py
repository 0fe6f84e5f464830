"""What is measured. A row is a function that may fail on its own; what it returns goes into the JSON."""
import shutil, tempfile

import numpy as np
import torch

from dreambooth_nb.craft.adapters import LoRA
from dreambooth_nb.craft.latents import Latent, LatentCache
from dreambooth_nb.craft.memory import forecast, free_memory, picture_bytes
from dreambooth_nb.data import Batches
from dreambooth_nb.model import quiet
from dreambooth_nb.craft.settings import TrainConfig
from dreambooth_nb.craft.checkpoints import LogFile
from dreambooth_nb.train import Checkpoints, Run, training_loss
from dreambooth_nb.cfg_sampler import initial_latents, sample

from . import models
from .measure import Peak, flops, free, multiplies_bf16, pairs, seconds, spread, where
from .script import Script

ROWS = {} # name -> (function of a Bench, devices)
MEASURE = 'reserved: the most that PyTorch held from the card'
NO_PEAK = 'not measured: on a CPU both share one process'
INSTANCE, CLASS = 'a photo of a sks dog', 'a photo of a dog'


class Skip(Exception):
    "Why a row is not measured."


def room(need, device='cpu', disk=0):
    """Raises Skip where so many bytes are not free, of memory or among the temporary files: a system out of
    memory ends the program with all rows."""
    free, left = free_memory(str(device)), shutil.disk_usage(tempfile.gettempdir()).free
    if need > free: raise Skip(f'it needs {need/1e9:.1f} GB of memory, and {free/1e9:.1f} are free')
    if disk > left: raise Skip(f'it needs {disk/1e9:.1f} GB on the disk, and {left/1e9:.1f} are free')


class Bench:
    "The device, and how long a row may take."
    def __init__(self, device, quick, limit=None):
        self.device, self.quick, self.peaks = torch.device(device), quick, {}
        self.limit = 1 if quick else limit or (5 if self.cuda else 60)
    @property
    def cuda(self):
        return self.device.type == 'cuda'
    def much(self, n):
        return 3 if self.quick else n

    def room(self, need):
        "Raises Skip where so many bytes are not free on the device."
        room(need, self.device)

    def share(self, operations, s, dtype):
        "Operations a second, and their share of what a matrix product reaches."
        rate = operations/s
        return dict(flop=operations, flop_per_s=rate, share_of_matmul_peak=rate/self.peaks[dtype])


def row(name, *devices):
    "Registers a function as a row, for these devices."
    def register(f):
        ROWS[name] = f, devices or ('cpu', 'cuda')
        return f
    return register


def run_of(model, folder, rows, settings):
    "A run of ours at its first step, and the photos that it learns from."
    side, scale = model.resolution, model.vae_scale
    g = torch.Generator().manual_seed(1)
    pixels = (torch.rand(2*rows, 3, side//scale, side//scale, generator=g)*2 - 1).repeat_interleave(
        scale, 2).repeat_interleave(scale, 3)
    cfg = TrainConfig(instance_prompt=INSTANCE, instance_data_dir='photos', class_prompt=CLASS,
                      output_dir=folder, train_batch_size=rows, max_train_steps=10**6,
                      checkpointing_steps=10**6, **settings)
    means, stds = model.encode_images(pixels)
    sizes = torch.tensor([side, side, 0, 0, side, side])
    latents = [Latent(m.cpu(), s.cpu(), size=sizes) for m, s in zip(means, stds)]
    caches = [LatentCache(some, [prompt]*rows, [f'{k}' for k in range(rows)])
              for some, prompt in ((latents[:rows], INSTANCE), (latents[rows:], CLASS))]
    run = Run(model, Batches(*caches, rows, cfg.seed), cfg, [LogFile(), Checkpoints()])
    run.tell('before_train')
    return run, pixels


def our_step(run):
    "What the loop does for a step."
    assert run.goes_on()
    run.one_step()
    run.tell('after_step')


def draws(run, step):
    "The latents, noise and timesteps of a step of ours."
    batch = run.data.batch(step)
    return (batch.latents, run.objective.noise(batch.latents.shape[1:], batch.draws),
            run.objective.timesteps(batch.draws))


def begin_alike(script, lora):
    "The script's LoRA begins with the numbers that ours began with."
    lost = script.unet.load_state_dict(lora, strict=False).unexpected_keys
    if lost: raise RuntimeError(f'the other UNet lacks {len(lost)} tensors of the LoRA, such as {lost[0]}')


def bf16_here(bench):
    "Raises Skip where a processor would take bfloat16 apart."
    if not multiplies_bf16(bench.device): raise Skip('this processor has no instructions for bfloat16')


def held_by_both(bench, shape, rows, rank, precision, base, optimizer, checkpointing):
    "Bytes at the peak of a step, while the other program waits with its weights, gradients and moments."
    f = forecast('micro' if shape == 'micro' else lambda: models.make(shape, 'meta'), 2*rows,
                 'lora' if rank else 'unet+text_encoder', LoRA(rank) if rank else None, dtype=base,
                 mixed_precision=precision, optimizer=optimizer, gradient_checkpointing=checkpointing,
                 device=bench.device.type)
    return f.peak + f.weights + f.gradients + f.optimizer


def train_row(bench, shape, rows, n, precision='no', rank=None, base=torch.float32, tolerance=1e-4, checks=3,
              optimizer='adamw', checkpointing=False, channels_last=False, linear_by_onednn=False):
    """A training step of ours against the script's. On a GPU ours has CUDA graphs, but where it recomputes
    activations, and is timed without them too."""
    if precision == 'bf16': bf16_here(bench)
    bench.room(held_by_both(bench, shape, rows, rank, precision, base, optimizer, checkpointing))
    graphs = bench.cuda and not checkpointing
    settings = dict(learning_rate=1e-4 if rank or shape == 'micro' else 1e-6, mixed_precision=precision,
                    optimizer=optimizer, gradient_checkpointing=checkpointing, seed=0, cuda_graphs=graphs,
                    linear_by_onednn=linear_by_onednn, **(dict(train='lora', rank=rank) if rank else {}))
    folder = tempfile.mkdtemp(prefix='benchmark-')
    def begin(**how):
        "A run of ours after its first steps: its photos, what its LoRA began with, operations, the memory."
        with Peak(bench.device) as held:
            model = models.make(shape, bench.device, base)
            if channels_last: model.unet.to(memory_format=torch.channels_last)
            run, pixels = run_of(model, tempfile.mkdtemp(dir=folder), rows, settings | how)
            lora = {k: v.detach().clone() for k, v in model.unet.state_dict().items() if '.lora_' in k}
            operations = flops(lambda: our_step(run)) # nothing is replayed yet
            for _ in range(checks - 1):
                our_step(run)
            held.look()
        return run, pixels, lora, operations, held
    try:
        plain_held = begin(cuda_graphs=False)[-1] if graphs else None
        free(bench.device)
        run, pixels, lora, operations, first = begin()
        model = run.model
        with Peak(bench.device) as second:
            other = models.make(shape, bench.device, base)
            script = Script(other, pixels, [INSTANCE]*rows + [CLASS]*rows, settings['learning_rate'],
                            precision, rank, checkpointing, optimizer)
            begin_alike(script, lora)
            for step in range(checks):
                script.step(draws(run, step))
            second.look()
        losses = [r['loss'] for r in run.log[:checks]], script.losses[:checks]
        off = max(abs(a - b)/abs(b) for a, b in zip(*losses))
        times = pairs(lambda: our_step(run), script.step, bench.device, bench.much(n), bench.limit, 1)
        plain = without_graphs(run, bench) | dict(
            peak_memory_without_graphs=memory(plain_held, second)) if graphs else {}
        dtype = dict(no=torch.float32, bf16=torch.bfloat16, fp16=torch.float16)[precision]
        steps = {k: 1/times[f'{k}_s']['median'] for k in ('ours', 'theirs')}
        about = dict(shape=shape, rows=f'{rows} + {rows} class images', rank=rank, precision=precision,
                     optimizer=optimizer, gradient_checkpointing=checkpointing, text_encoder=rank is None,
                     pixels=model.resolution, channels_last=channels_last, cuda_graphs=graphs,
                     linear_by_onednn=linear_by_onednn)
        return dict(theirs="the script's step, restated with the same diffusers calls", settings=about,
                    steps_per_s=steps, **times, **plain, peak_memory_bytes=memory(first, second),
                    **bench.share(operations, times['ours_s']['median'], dtype),
                    where=dict(ours=where(lambda: our_step(run), bench.device),
                               theirs=where(script.step, bench.device)),
                    correct=dict(losses_ours=losses[0], losses_theirs=losses[1], largest_difference=off,
                                 tolerance=tolerance, within=off <= tolerance))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def without_graphs(run, bench):
    "What a step of ours takes whose kernels are launched one by one."
    recorded, run.loss = run.loss, training_loss
    our_step(run)
    found = [seconds(lambda: our_step(run), bench.device) for _ in range(bench.much(6))]
    run.loss = recorded
    return dict(without_cuda_graphs_s=spread(found))


def memory(ours, theirs):
    "Two peaks, and ours as a share of theirs."
    if ours.bytes is None: return NO_PEAK
    return dict(ours=ours.bytes, theirs=theirs.bytes, ratio=ours.bytes/theirs.bytes if theirs.bytes else None,
                measure=MEASURE)


def arrays(pictures):
    return np.stack([np.asarray(im, np.float32) for im in pictures])


def sample_row(bench, shape, batch, steps, n, dtype=torch.float32, best=False, tolerance=1., mean=False,
               channels_last=False, freeze=False):
    """Pictures of ours against those of diffusers' pipeline, from the same noise. On a GPU ours has CUDA
    graphs, and is timed without them too; convolutions round to TF32 there: the mean difference counts.
    With `freeze` ours is compiled in its first call, which is timed apart."""
    mean = mean or bench.cuda
    outline = models.make(shape, 'meta' if shape in models.UNET else 'cpu', dtype)
    weights = sum(p.numel()*p.element_size() for net in outline.modules() for p in net.parameters())
    bench.room(2*weights + picture_bytes(outline, outline.resolution, outline.resolution))
    model = models.make(shape, bench.device, dtype).to(bench.device)
    pipe = models.make(shape, bench.device, dtype).to(bench.device, dtype).pipeline()
    pipe.set_progress_bar_config(disable=True)
    how = 'StableDiffusionPipeline, stock'
    if best: how = best_configuration(pipe, bench)
    prompts, seeds = [INSTANCE]*batch, list(range(batch))
    noise = initial_latents(model, seeds).to(dtype)
    def ours(k=steps):
        return sample(model, prompts, seeds, guidance_scale=7.5, num_inference_steps=k)
    def theirs(k=steps):
        return pipe(prompts, guidance_scale=7.5, num_inference_steps=k, latents=noise.clone()).images
    model.tune(channels_last=channels_last)
    operations = [flops(lambda k=k: ours(k)) for k in (1, 2)]
    plain = {}
    if bench.cuda:
        plain = dict(without_cuda_graphs_s=spread([seconds(ours, bench.device) for _ in range(2)]))
        model.tune(channels_last=channels_last, cuda_graphs=True)
    if freeze:
        model.tune(channels_last=channels_last, freeze=True)
        plain = dict(first_call_s=seconds(lambda: ours(1), bench.device))
    with Peak(bench.device) as first:
        mine = ours()
    with Peak(bench.device) as second:
        them = theirs()
    gap = np.abs(arrays(mine) - arrays(them))
    off = float(gap.mean() if mean else gap.max())
    times = pairs(ours, theirs, bench.device, bench.much(n), bench.limit, 0)
    whole = operations[0] + (steps - 1)*(operations[1] - operations[0])
    about = dict(shape=shape, batch=batch, steps=steps, guidance_scale=7.5, solver='ddim',
                 dtype=str(dtype).removeprefix('torch.'), pixels=model.resolution, cuda_graphs=bench.cuda,
                 channels_last=channels_last, freeze=freeze)
    right = dict(what=f'{"mean" if mean else "largest"} difference of pixels, of 255', difference=off,
                 largest=float(gap.max()), mean=float(gap.mean()), contrast=float(arrays(them).std()),
                 tolerance=tolerance, within=off <= tolerance)
    return dict(theirs=how, settings=about, **times, **plain,
                peak_memory_beyond_weights_bytes=memory(first, second),
                **bench.share(whole, times['ours_s']['median'], dtype), correct=right)


def compiling(bench):
    "True where there is time for it."
    if bench.quick: raise Skip('compiling takes a minute')
    return True


def best_configuration(pipe, bench):
    "Diffusers' advice on speed: one product for q, k and v, channels last, transformer blocks compiled."
    with quiet():
        pipe.unet.to(memory_format=torch.channels_last)
        pipe.vae.to(memory_format=torch.channels_last)
        pipe.fuse_qkv_projections()
    pipe.unet.compile_repeated_blocks(fullgraph=True)
    return 'StableDiffusionPipeline, channels_last, fused q k v, its transformer blocks compiled'


@row('sd15-train', 'cuda')
def _(b):
    return train_row(b, 'sd15', 1, 20, 'bf16', tolerance=.03)


@row('sd15-sample-1', 'cuda')
def _(b):
    return sample_row(b, 'sd15', 1, 50, 5, torch.bfloat16, tolerance=4., mean=True)


@row('sd15-sample-8', 'cuda')
def _(b):
    return sample_row(b, 'sd15', 8, 50, 2, torch.bfloat16, tolerance=4., mean=True)


@row('sd15-sample-1-last', 'cuda')
def _(b):
    return sample_row(b, 'sd15', 1, 50, 3, torch.bfloat16, tolerance=4., mean=True, channels_last=True)


@row('sd15-sample-8-last', 'cuda')
def _(b):
    return sample_row(b, 'sd15', 8, 50, 2, torch.bfloat16, tolerance=4., mean=True, channels_last=True)


@row('sd15-train-last', 'cuda')
def _(b):
    return train_row(b, 'sd15', 1, 10, 'bf16', tolerance=.03, channels_last=True)


@row('sd15-lora', 'cuda')
def _(b):
    return train_row(b, 'sd15', 1, 20, 'bf16', 16, torch.bfloat16, tolerance=.03)


@row('sd15-sample-fp32', 'cuda')
def _(b):
    return sample_row(b, 'sd15', 1, 10, 3)


@row('micro-train')
def _(b):
    return train_row(b, 'micro', 4, 20)


@row('micro-train-bf16')
def _(b):
    return train_row(b, 'micro', 4, 20, 'bf16', tolerance=.03)


@row('micro-lora')
def _(b):
    return train_row(b, 'micro', 4, 20, rank=8)


@row('micro-sample-1')
def _(b):
    return sample_row(b, 'micro', 1, b.much(50), 10)


@row('micro-sample-8')
def _(b):
    return sample_row(b, 'micro', 8, b.much(50), 6)


@row('micro-sample-1-frozen', 'cpu')
def _(b):
    return sample_row(b, 'micro', 1, b.much(50), 10, freeze=compiling(b))


@row('micro-sample-8-frozen', 'cpu')
def _(b):
    return sample_row(b, 'micro', 8, b.much(50), 6, freeze=compiling(b))


@row('micro-train-onednn', 'cpu')
def _(b):
    return train_row(b, 'micro', 4, 20, linear_by_onednn=True)


@row('micro-class-images')
def _(b):
    return sample_row(b, 'micro', 4, b.much(25), 6)


@row('sdxl-lora', 'cuda')
def _(b):
    return train_row(b, 'sdxl', 1, 8, 'bf16', 16, torch.bfloat16, tolerance=.03, checks=2)


@row('sdxl-sample-1', 'cuda')
def _(b):
    return sample_row(b, 'sdxl', 1, 20, 2, torch.bfloat16, tolerance=4., mean=True)


@row('sd15-8bit', 'cuda')
def _(b):
    try:
        import bitsandbytes # noqa: F401
    except ImportError:
        raise Skip('no bitsandbytes') from None
    return train_row(b, 'sd15', 1, 10, 'bf16', tolerance=.03, optimizer='adamw8bit', checkpointing=True)


@row('sd15-best', 'cuda')
def _(b):
    return sample_row(b, 'sd15', 1, 50, 3, torch.bfloat16, best=True, tolerance=4., mean=True)


@row('sd15-train-cpu', 'cpu')
def _(b):
    return train_row(b, 'sd15', 1, 3, checks=1)


@row('sd15-lora-cpu', 'cpu')
def _(b):
    return train_row(b, 'sd15', 1, 3, rank=16, checks=1)


@row('sd15-lora-cpu-onednn', 'cpu')
def _(b):
    return train_row(b, 'sd15', 1, 3, rank=16, checks=1, linear_by_onednn=True)


@row('sd15-sample-1-cpu', 'cpu')
def _(b):
    return sample_row(b, 'sd15', 1, 2, 3)


@row('tiny-train', 'cpu')
def _(b):
    return train_row(b, 'tiny', 1, 20)


@row('tiny-lora', 'cpu')
def _(b):
    return train_row(b, 'tiny', 1, 20, rank=4)


@row('tiny-sample-1', 'cpu')
def _(b):
    return sample_row(b, 'tiny', 1, b.much(25), 10)


@row('tinyxl-lora', 'cpu')
def _(b):
    return train_row(b, 'tinyxl', 1, 10, 'bf16', 4, torch.bfloat16, tolerance=.03)


@row('tinyxl-sample-1', 'cpu')
def _(b):
    return sample_row(b, 'tinyxl', 1, b.much(25), 10)
