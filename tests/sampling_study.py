#!/usr/bin/env python
"""Two bases and few sampling steps: how much of what a prompt asks for is in the picture?

    python tests/sampling_study.py FILE           all rows that FILE, a .jsonl, has not yet
    python tests/sampling_study.py FILE --n 64    of fewer prompts

A row is a base, a solver and a number of steps. Of n prompts such as "a photo of a red striped dog on the
beach", in how many pictures does the reader find the class, the place, the colour and the pattern?
"""
import argparse, json, os, random, time
from pathlib import Path

os.environ.setdefault('HF_HUB_OFFLINE', '1')

import torch

from dreambooth_nb.core import to_tensor
from dreambooth_nb.micro.toys import CLASSES, COLOURS, PATTERNS, PLACES
from dreambooth_nb.micro.readers import load_reader
from dreambooth_nb.craft.opening import load
from dreambooth_nb.cfg_sampler import sample

BASES, SOLVERS, STEPS, GUIDANCE = ('micro', 'micro-flow'), ('euler', 'dpmpp_2m'), (2, 4, 8, 16, 32), 5.
DEVICE = 'cuda' if torch.cuda.is_available() else 'cpu'


def wishes(n):
    "What n prompts ask for, each class as often as any other."
    rng = random.Random('sampling study')
    return [dict(class_noun=CLASSES[k % len(CLASSES)], place=rng.choice(list(PLACES)),
                 colour=rng.choice(list(COLOURS)), pattern=rng.choice(PATTERNS[1:])) for k in range(n)]


def measure(base, solver, steps, n):
    "A row."
    model, reader, asked = load(base).to(DEVICE), load_reader(), wishes(n)
    prompts = ['a photo of a {colour} {pattern} {class_noun} '.format(**w) + PLACES[w['place']]
               for w in asked]
    began = time.perf_counter()
    pictures = sample(model, prompts, list(range(n)), batch_size=64, solver=solver, num_inference_steps=steps,
                      guidance_scale=GUIDANCE)
    seconds = time.perf_counter() - began
    found = reader.read(to_tensor(pictures))
    right = [{a: f[a] == w[a] for a in w} for f, w in zip(found, asked)]
    return dict(base=base, solver=solver, steps=steps, n=n, guidance=GUIDANCE,
                **{a: sum(r[a] for r in right) for a in asked[0]}, all=sum(all(r.values()) for r in right),
                seconds=round(seconds, 2), device=DEVICE)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('file', type=Path, help='the record')
    p.add_argument('--n', type=int, default=480, help='prompts')
    args = p.parse_args()
    torch.set_num_threads(int(os.environ.get('OMP_NUM_THREADS', 1)))
    names = 'base', 'solver', 'steps', 'n'
    rows = [json.loads(line) for line in args.file.read_text().splitlines()] if args.file.is_file() else []
    there = {tuple(r[k] for k in names) for r in rows}
    for steps in STEPS:
        for solver in SOLVERS:
            for base in BASES:
                if (base, solver, steps, args.n) in there: continue
                found = measure(base, solver, steps, args.n)
                with open(args.file, 'a') as f:
                    f.write(json.dumps(found) + '\n')
                print(found, flush=True)


if __name__ == '__main__': main()
