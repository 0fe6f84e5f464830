"""Bytes that two steps of training hold at their peak, in a process of their own (nbs/craft/memory.ipynb).

    python tests/memory_of_steps.py '{"rows": 8, "train": "lora"}' profiler   weights, and tensors allocated
    python tests/memory_of_steps.py '{"rows": 8, "train": "lora"}' process    what the system has given at its
                                                                              highest, less what it had before
"""
import gc, json, sys, tempfile

import psutil
import torch
from torch.profiler import ProfilerActivity, profile

from dreambooth_nb.core import randn
from dreambooth_nb.model import PRECISIONS, base_dtype
from dreambooth_nb.craft.opening import load
from dreambooth_nb.craft.tiny import tiny_base
from dreambooth_nb.craft.optimizers import EMA, make_optimizer


def ready(rows, train='unet+text_encoder', mixed_precision='no', optimizer='adamw', ema=False, batches=1,
          resolution=64, base='micro'):
    "Bytes of the weights, and a function that takes two steps."
    m, half = load(base, dtype=base_dtype(train, mixed_precision)), PRECISIONS[mixed_precision]
    if 'token' in train: m.add_token('<toy>', 'dog')
    params, side = m.tune().train().trainable(train=train), resolution//m.vae_scale
    x = randn((rows, m.latent_shape[0], side, side), 0, 'x').to(m.unet.dtype)

    def steps():
        stepper, average = make_optimizer(optimizer, params, 1e-6), EMA(params) if ema else None
        if optimizer == 'schedulefree': stepper.train()
        for k in range(2*batches):
            with torch.autocast('cpu', half or torch.bfloat16, enabled=half is not None):
                t = torch.zeros(rows, dtype=torch.long)
                c = m.condition(['a red dog']*rows)
                loss = m.unet(x, t, **c).sample.float().square().mean()
            loss.backward()
            del loss, c
            if (k + 1) % batches == 0:
                stepper.step()
                stepper.zero_grad()
                if average: average.update()
    return sum(p.numel()*p.element_size() for net in m.modules() for p in net.parameters()), steps


def profiled(how):
    weights, steps = ready(**how)
    gc.collect()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as prof:
        steps()
    now = peak = 0
    events = [e for e in prof.profiler.kineto_results.events() if e.name() == '[memory]']
    for _, n in sorted((e.start_ns(), e.nbytes()) for e in events):
        now += n
        peak = max(peak, now)
    return weights + peak


def resident(how):
    with tempfile.TemporaryDirectory() as d:
        ready(1, 'unet', base=tiny_base(d))[1]() # loads the libraries
    gc.collect()
    before = psutil.Process().memory_info().rss
    ready(**how)[1]()
    return 1024*int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) - before


if __name__ == '__main__':
    print((profiled if sys.argv[2] == 'profiler' else resident)(json.loads(sys.argv[1])))
