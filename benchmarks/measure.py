"""Timing in pairs, memory, operations."""
import gc, statistics, time

import torch

from dreambooth_nb.craft.memory import Operations


clock = time.perf_counter # or time.process_time, on a machine that is shared


def synchronize(device):
    "Wait until the device has done what it was asked to."
    if torch.device(device).type == 'cuda': torch.cuda.synchronize()


def seconds(f, device):
    "What one call takes, s, to the end of its work on the device."
    synchronize(device)
    start = clock()
    f()
    synchronize(device)
    return clock() - start


def spread(values):
    "Median, smallest, largest, how many."
    return dict(median=statistics.median(values), min=min(values), max=max(values), n=len(values))


def pairs(ours, theirs, device, n, limit, warm=2):
    """Call both in turn, `n` times, or from the third on until `limit` seconds are over; who begins changes
    from pair to pair. `ratio` is theirs/ours within a pair: above 1 ours is faster."""
    first = [[seconds(f, device) for _ in range(warm)] for f in (ours, theirs)]
    mine, other, start = [], [], time.perf_counter()
    while len(mine) < n and (len(mine) < 3 or time.perf_counter() - start < limit):
        order = [(ours, mine), (theirs, other)]
        for f, found in order if len(mine) % 2 == 0 else order[::-1]:
            found.append(seconds(f, device))
    return dict(ours_s=spread(mine), theirs_s=spread(other), warm_up_s=dict(ours=first[0], theirs=first[1]),
                ratio=spread([b/a for a, b in zip(mine, other)]))


class Peak:
    """Within it the device's memory is watched: `bytes` is the most that was reserved, which is held from the
    card, beyond what was there: with what a recorded graph keeps and what lies free between the parts."""
    def __init__(self, device):
        self.cuda, self.bytes = torch.device(device).type == 'cuda', None
    def __enter__(self):
        gc.collect()
        if not self.cuda: return self
        torch.cuda.synchronize()
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        self.before = torch.cuda.memory_reserved()
        return self
    def __exit__(self, *_):
        self.look()
    def look(self):
        if not self.cuda: return
        torch.cuda.synchronize()
        self.bytes = torch.cuda.max_memory_reserved() - self.before


def free(device):
    "Give back what is no longer used."
    gc.collect()
    if torch.device(device).type == 'cuda': torch.cuda.empty_cache()


def flops(f):
    "Multiplications and additions of products, convolutions and attention in one call."
    with Operations() as counted:
        f()
    return counted.flops


def multiplies_bf16(device):
    "Whether the device has instructions for bfloat16; a processor without them takes minutes for a product."
    if torch.device(device).type == 'cuda': return True
    return torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported()


def matmul_peak(device, dtype):
    "The most operations a second that a square matrix product reaches here."
    best, cuda = 0, torch.device(device).type == 'cuda'
    for n in (4096, 8192) if cuda else (512, 1024, 2048):
        a, b = (torch.randn(n, n, device=device, dtype=dtype) for _ in range(2))
        times = 1 if not cuda else 20 if dtype.itemsize == 2 else 4
        def some():
            for _ in range(times):
                a @ b
        some()
        best = max(best, times*2*n**3/min(seconds(some, device) for _ in range(5)))
    return best


def where(f, device):
    "What a call's time goes to on a GPU, s: all kernels, the longest of them; {} on a CPU."
    if torch.device(device).type != 'cuda': return {}
    kinds = [torch.profiler.ProfilerActivity.CPU, torch.profiler.ProfilerActivity.CUDA]
    try:
        with torch.profiler.profile(activities=kinds) as p:
            whole = seconds(f, device)
    except RuntimeError as e:
        return dict(not_measured=str(e).splitlines()[0])
    rows = [(e.key[:90], e.self_device_time_total/1e6, e.count) for e in p.key_averages()
            if e.device_type == torch.autograd.DeviceType.CUDA and '#' not in e.key] # no labels of ranges
    rows.sort(key=lambda row: -row[1])
    return dict(whole_s=whole, kernels_s=sum(s for _, s, _ in rows), kernels=sum(n for *_, n in rows),
                longest=rows[:15])
