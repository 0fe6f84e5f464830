#!/usr/bin/env python
"""Processes that fill pools of class images, and are killed while they do: what is left, as JSON.

    python tests/fill_and_kill.py FOLDER

Chapter 01 runs it and looks at what lies in FOLDER afterwards: pools that were filled by one process, by
three that share the work, by processes killed at random instants until none was left to kill, and by a
run into which a second one comes. Each generator writes what it was asked into NAME.log.
"""
import json, os, random, signal, sys, time
from pathlib import Path

if not hasattr(os, 'fork'): sys.exit('needs os.fork, which this system has not')

from PIL import Image

from dreambooth_nb.core import UserError
from dreambooth_nb.priors import PriorPool


def start(folder, index=0, of=1):
    "The process id of a child that fills the pool, or its share of it."
    if pid := os.fork(): return pid

    def generate(prompts, seeds):
        with open(f'{folder}.log', 'a') as f:
            f.write(''.join(f'{s}\n' for s in seeds))
        time.sleep(.01*len(seeds))
        return [Image.frombytes('RGB', (16, 16), random.Random(s).randbytes(768)) for s in seeds]

    pool = PriorPool(folder, 'a photo of a dog', {'size': 16})
    try:
        pool.fill(24, generate, batch_size=2, progress=False, process_index=index, num_processes=of)
    except UserError as e:
        Path(f'{folder}.said').write_text(str(e))
        os._exit(3)
    if of > 1 and folder.name == 'shares': os._exit(len(pool.wait(24)) - 24 + len(pool.missing(24)))
    os._exit(0)


def wait(pids):
    return [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]


def strangers(folder):
    "A run, and a second one as soon as the first draws: how they end."
    first = start(folder)
    while not Path(f'{folder}.log').exists():
        time.sleep(.001)
    return wait([start(folder), first])


def fill_and_kill(folder, of, seed):
    "Kill at random instants until nobody is left: how many were, and what disorder there was."
    rng, killed, disorder, ends = random.Random(seed), 0, [], [-9]
    while any(ends):
        pids = [start(folder, index, of) for index in range(of)]
        time.sleep(rng.uniform(0, .05 + .01*killed))
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        ends = wait(pids)
        killed += ends.count(-signal.SIGKILL)
        disorder += map(str, PriorPool(folder, 'a photo of a dog', {'size': 16}).check().errors)
        disorder += [end for end in ends if end not in (0, -signal.SIGKILL)]
    return killed, disorder


here = Path(sys.argv[1])
shares = wait([start(here/'shares', index, 3) for index in range(3)])
print(json.dumps(dict(one=wait([start(here/'one')]), killed=fill_and_kill(here/'killed', 1, 0),
                      killed_together=fill_and_kill(here/'killed together', 3, 1), shares=shares,
                      strangers=strangers(here/'strangers'))))
