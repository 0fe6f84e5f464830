#!/usr/bin/env python
"""Why does the flow transformer's class burn, and which recipe keeps it? Short runs of eight subjects.

    python tests/burning_class.py FOLDER                   all runs that are not in FOLDER/burning.jsonl yet
    python tests/burning_class.py FOLDER --only teapot     those of a subject, or of a recipe

A run of 200 steps of two photos and two class images, everything trained, by a recipe: with which guidance
the class images were drawn, and how many captions were dropped. Then the subject in six places and twelve
pictures of its class are drawn in ten steps, with one solver and another, more guidance and less; of the
first subject also with the base's answers to one of the two prompts of guidance in the place of the trained
ones. Counted by the shipped reader, a line of FOLDER/burning.jsonl for each way of drawing.
"""
import argparse, json, os
from pathlib import Path

import torch
from miniature_study import (CORE, NEW, RECIPE, SUBJECTS, base_of, known, latents, lock, pool, reader_of,
                             with_flow, words)

from dreambooth_nb.core import generator, to_pil, to_tensor
from dreambooth_nb.micro.toys import PLACES
from dreambooth_nb.micro.world import instance_scenes, render, subject
from dreambooth_nb.craft.captions import Captions
from dreambooth_nb.data import Batches
from dreambooth_nb.craft.opening import load
from dreambooth_nb.craft.settings import TrainConfig
from dreambooth_nb.train import Run
from dreambooth_nb.craft.prompts import Settings
from dreambooth_nb.craft.levels import model_levels
from dreambooth_nb.cfg_sampler import guide, initial_latents, solve

STEPS, BASE = 200, 'micro-flow'
RECIPES = { # guidance of class images; caption_dropout_rate
    'unguided': (1., 0.), 'unguided, captions dropped': (1., .1), 'guided': (5., 0.)}
WAYS = [('dpmpp_2m', 5.), ('euler', 5.), ('euler', 3.)] # solver; guidance


def trained(noun, recipe, folder):
    "The flow transformer after a run."
    guidance, dropped = RECIPES[recipe]
    e, model = with_flow(CORE[0]), load(BASE)
    prompt = words(e, noun)
    cfg = TrainConfig(str(folder), prompt, str(folder), class_prompt=f'a photo of a {noun}',
                      **RECIPE | e.changes | dict(train_batch_size=2, max_train_steps=STEPS,
                                                  caption_dropout_rate=dropped))
    photos = latents(model, to_pil(render(instance_scenes(subject(noun), 4, 0)).pictures), prompt)
    class_images = pool(BASE, folder, noun, cfg.num_class_images, 0, guidance)
    run = Run(model, Batches(photos, class_images, 2, 0, cfg.record(Captions)), cfg, [])
    run.tell('before_train')
    while run.goes_on():
        run.one_step()
        run.tell('after_step')
    return model.eval()


@torch.no_grad()
def drawn(of_prompt, of_nothing, prompts, seeds, solver, scale):
    "Pictures by guidance between one model's answers to the prompts and another's to the empty one."
    levels = model_levels(of_prompt, Settings('', 0, num_inference_steps=10, solver=solver))
    said, empty = of_prompt.condition(prompts), of_nothing.condition(['']*len(prompts))
    def guess(x, t):
        x = x*of_prompt.schedule.norm_at(t)
        return guide(of_nothing.ask(x, t, empty), of_prompt.ask(x, t, said), scale)
    x = initial_latents(of_prompt, seeds)
    return to_pil(of_prompt.decode(solve(guess, x, levels, solver, 'flow')))


def counts(noun, folder, *how):
    "What the reader finds in six pictures of the subject and twelve of its class."
    asked = dict(subject=[f'{words(CORE[0], noun)} {PLACES[p]}' for p in NEW],
                 **{'class': [f'a photo of a {noun}']*12})
    seeds = [generator(0, kind, k).initial_seed() for kind, some in asked.items() for k in range(len(some))]
    x = to_tensor(drawn(*how[:2], sum(asked.values(), []), seeds, *how[2:]))
    n, reader = len(NEW), reader_of()
    who = (reader.embed(x) @ known(noun, folder).T).argmax(1) == 0
    place = [f['place'] == p for f, p in zip(reader.read(x[:n]), NEW)]
    return dict(recognised=sum(who[:n].tolist()), place=sum(place), n=n, drift=sum(who[n:].tolist()),
                kept=sum(f['class_noun'] == noun for f in reader.read(x[n:])), n_class=len(x) - n)


def work(noun, recipe, folder):
    "One run, drawn in all ways."
    model, base = trained(noun, recipe, folder), base_of(BASE)
    ways = {f'{solver}, guidance {s:g}': (model, model, solver, s) for solver, s in WAYS}
    if noun == SUBJECTS[0]:
        mixed = {'the prompt alone': (model, base), 'the empty prompt alone': (base, model)}
        ways |= {f'euler, guidance 5, trained: {k}': (*pair, 'euler', 5.) for k, pair in mixed.items()}
    rows = [dict(subject=noun, recipe=recipe, drawn=way) | counts(noun, folder, *how)
            for way, how in ways.items()]
    with lock(folder, folder/'burning.jsonl'), open(folder/'burning.jsonl', 'a') as f:
        f.writelines(json.dumps(row) + '\n' for row in rows)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('folder', type=Path)
    p.add_argument('--only', default='', help='a subject or a recipe')
    args = p.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(int(os.environ.get('OMP_NUM_THREADS', 1)))
    file = args.folder/'burning.jsonl'
    rows = [json.loads(line) for line in file.read_text().splitlines()] if file.is_file() else []
    done = {(r['subject'], r['recipe']) for r in rows}
    todo = [(noun, recipe) for some in (('unguided', 'unguided, captions dropped'), ('guided',))
            for noun in SUBJECTS for recipe in some]
    for job in todo:
        if job not in done and args.only in (*job, ''): work(*job, args.folder)


if __name__ == '__main__': main()
