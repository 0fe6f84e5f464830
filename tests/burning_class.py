#!/usr/bin/env python
"""Why does the flow transformer's class burn? Short runs, and their class drawn in several ways.

    python tests/burning_class.py FOLDER teapot 5       a subject, the guidance of its class images

A run of 200 steps of two photos and two class images, everything trained. Then the class is drawn with the
trained model, and with its answers to one of the two prompts of guidance in the place of the base's: what the
class comes to by what it says of the class, and by what it says of the empty prompt. Counted by the shipped
reader; a line of FOLDER/burning.jsonl each.
"""
import argparse, json
from dataclasses import replace
from pathlib import Path

import torch
from miniature_study import CORE, DRAW, RECIPE, latents, pool, reader_of, with_flow, words

from dreambooth_nb.core import generator, to_pil, to_tensor
from dreambooth_nb.cfg_sampler import initial_latents, sample
from dreambooth_nb.craft.flow import flow_levels
from dreambooth_nb.craft.opening import load
from dreambooth_nb.craft.settings import TrainConfig
from dreambooth_nb.data import Batches
from dreambooth_nb.micro.world import instance_scenes, render, subject
from dreambooth_nb.train import Run

STEPS, N = 200, 12


def trained(noun, guidance, folder):
    "The flow transformer after a run."
    e, model = replace(with_flow(CORE[0]), guidance=guidance), load('micro-flow')
    prompt = words(e, noun)
    cfg = TrainConfig(str(folder), prompt, str(folder), class_prompt=f'a photo of a {noun}',
                      **RECIPE | e.changes | dict(train_batch_size=2, max_train_steps=STEPS))
    photos = latents(model, to_pil(render(instance_scenes(subject(noun), 4, 0))[0]), prompt)
    run = Run(model, Batches(photos, pool('micro-flow', folder, noun, 48, 0, guidance), 2, 0), cfg, [])
    run.tell('before_train')
    while run.goes_on():
        run.one_step()
        run.tell('after_step')
    return model


@torch.no_grad()
def mixed(of_class, of_nothing, prompts, seeds, scale=5., steps=15):
    "Euler's method with one model's answers to the prompts and another's to the empty one."
    x = initial_latents(of_class, seeds, of_class.latent_shape)
    levels = flow_levels(of_class.schedule, steps, 64).tolist()
    said, empty = of_class.condition(prompts), of_nothing.condition(['']*len(prompts))
    for s, then in zip(levels, levels[1:]):
        a, b = of_class.ask(x, 1000*s, said), of_nothing.ask(x, 1000*s, empty)
        x = x + (then - s)*(b + scale*(a - b))
    return to_pil(of_class.decode(x))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('folder', type=Path)
    p.add_argument('noun')
    p.add_argument('guidance', type=float)
    args = p.parse_args()
    (args.folder/'locks').mkdir(parents=True, exist_ok=True)
    base, model = load('micro-flow'), trained(args.noun, args.guidance, args.folder)
    prompts = [f'a photo of a {args.noun}']*N
    seeds = [generator(0, 'class', k).initial_seed() for k in range(N)]
    ways = {f'DPM-Solver++, guidance {s:g}': sample(model, prompts, seeds, **DRAW | dict(guidance_scale=s))
            for s in (1., 2., 3., 5.)}
    pairs = dict(both=(model, model), **{'class alone': (model, base), 'empty prompt alone': (base, model)})
    for name, pair in pairs.items():
        ways[f'Euler, guidance 5, trained: {name}'] = mixed(*pair, prompts, seeds)
    with open(args.folder/'burning.jsonl', 'a') as f:
        for way, pictures in ways.items():
            kept = sum(r['class_noun'] == args.noun for r in reader_of().read(to_tensor(pictures)))
            f.write(json.dumps(dict(subject=args.noun, class_images_guidance=args.guidance, drawn=way,
                                    kept=kept, n=N)) + '\n')


if __name__ == '__main__': main()
