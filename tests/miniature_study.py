#!/usr/bin/env python
"""The paper in miniature: many short runs on the micro world, each scored against the truth.

    python tests/miniature_study.py FOLDER                     all runs that are not in FOLDER/runs.jsonl yet
    python tests/miniature_study.py FOLDER --only photos/1     one experiment, or a part of its name
    python tests/miniature_study.py FOLDER --minutes 10        runs that end within ten minutes
    python tests/miniature_study.py FOLDER --list              what there is to do, and what is done

A run learns one of eight toys that an embedded model has never seen, and differs from the usual recipe in
one thing, or in what goes with it (a new word has another rate and no class images). What is counted is
counted by the shipped reader, k of n; next to it are the scores of chapter 06, which know nothing of the
truth. Each finished run is one line of FOLDER/runs.jsonl, and one strip of pictures beside it: the page reads
both there. What has its line is done; to make all anew, begin with an empty FOLDER. Stop it whenever you
like. Processes that are given the same folder share the work: each takes the next run that no other has.
"""
import argparse, json, os, time
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

os.environ.setdefault('HF_HUB_OFFLINE', '1')

import torch
from filelock import FileLock, Timeout
from PIL import Image

from dreambooth_nb.core import generator, to_pil, to_tensor
from dreambooth_nb.micro.toys import CLASSES, PLACES
from dreambooth_nb.micro.world import instance_scenes, line_up, render, subject
from dreambooth_nb.micro.readers import gallery, load_reader
from dreambooth_nb.craft.latents import LatentCache
from dreambooth_nb.data import Batches
from dreambooth_nb.priors import PriorPool
from dreambooth_nb.craft.opening import load
from dreambooth_nb.craft.log import Log
from dreambooth_nb.craft.settings import TrainConfig, preset
from dreambooth_nb.craft.callbacks import Callback
from dreambooth_nb.train import Run
from dreambooth_nb.craft.validation import HeldOut, Validation
from dreambooth_nb.cfg_sampler import sample
from dreambooth_nb.craft.encoders import reader_encoder, unet_encoder
from dreambooth_nb.evaluate import Evaluation, relative, scores_of

RARE, COMMON = 'sks', 'green' # no subject is green
NEW = [p for p in PLACES if p not in ('grass', 'table', 'beach', 'forest')]
DRAW = dict(num_inference_steps=10, guidance_scale=5.)
SOLVER = {'micro': 'dpmpp_2m', 'micro-flow': 'euler'} # as each base draws well in ten steps
DEVICE = 'cuda' if torch.cuda.is_available() else 'cpu'
# half the demo's batch, at a rate to match: a run takes a minute or two of one core
RECIPE = preset('micro') | dict(train_batch_size=2, learning_rate=3e-4, validation_steps=100)
FAST = dict(cuda_graphs=True) if DEVICE == 'cuda' and hasattr(TrainConfig, 'cuda_graphs') else {}
GUIDANCE = 5. # of class images


@dataclass
class Experiment:
    "One thing that is done otherwise."
    axis: str
    value: object
    changes: dict = field(default_factory=dict) # fields of TrainConfig
    photos: int = 4
    noun: str = 'right' # 'right', 'none' or 'wrong': the word for the class in the subject's prompt
    identifier: str = RARE
    guidance: float = GUIDANCE # with which class images are drawn
    looks: tuple = (100, 200, 300) # steps after which pictures are drawn; the last one ends the run
    base: str = 'micro'

    @property
    def name(self):
        return f'{self.base}/{self.axis}/{self.value}'


ALONE = dict(with_prior_preservation=False)
LONG = (25, 50, 100, 200, 300, 500, 750, 1000)
BEFORE = Experiment('before', 'training', looks=(0,))
CORE = [Experiment('class images', 48),
        Experiment('class images', 0, ALONE),
        Experiment('what', 'lora', dict(train='lora', train_text_encoder=True, learning_rate=2e-3)),
        Experiment('what', 'token', ALONE | dict(train='token', learning_rate=5e-3), identifier='<toy>',
                   noun='none'),
        Experiment('noun', 'none', ALONE, noun='none'),
        Experiment('noun', 'wrong', ALONE, noun='wrong'),
        Experiment('photos', 1, photos=1)]
WRONG = [Experiment('rate, no class images', 1e-3, ALONE | dict(learning_rate=1e-3)),
         Experiment('steps', 'long, no class images', ALONE, looks=LONG),
         Experiment('steps', 'long', looks=LONG)]
MORE = [Experiment('guidance of class images', 2., guidance=2.),
        Experiment('text encoder', 'frozen', dict(train_text_encoder=False)),
        Experiment('identifier', 'common', identifier=COMMON),
        Experiment('lambda', .1, dict(prior_loss_weight=.1)),
        Experiment('lambda', 10., dict(prior_loss_weight=10.)),
        Experiment('class images', 4, dict(num_class_images=4)),
        Experiment('photos', 2, photos=2),
        Experiment('rate', 7e-5, dict(learning_rate=7e-5)),
        Experiment('rate', 1e-3, dict(learning_rate=1e-3)),
        Experiment('class images', 200, dict(num_class_images=200)),
        Experiment('photos', 6, photos=6),
        Experiment('photos', 3, photos=3),
        Experiment('lambda', .3, dict(prior_loss_weight=.3)),
        Experiment('lambda', 3., dict(prior_loss_weight=3.)),
        Experiment('guidance of class images', 1., guidance=1.),
        Experiment('class images', 16, dict(num_class_images=16)),
        Experiment('class images', 100, dict(num_class_images=100)),
        Experiment('photos', 5, photos=5)]
FLOW_RECIPE = dict(learning_rate=2e-4, train_batch_size=8) # of the flow transformer, all weights
PRESET = {k: v for k, v in preset('micro-flow').items() if k != 'pretrained_model_name_or_path'}


def with_flow(e, looks=LONG, **changes):
    "The same with the flow transformer, by a recipe of its own, and looked at more often."
    return replace(e, base='micro-flow', changes=FLOW_RECIPE | e.changes | changes, looks=looks)


BY_PRESET = [with_flow(Experiment('preset', n, dict(with_prior_preservation=n > 0) | PRESET, guidance=1.),
                       (25, 50, 100, 200, 300)) for n in (48, 0)]
FLOW = [*BY_PRESET, *map(with_flow, CORE[:3]), with_flow(MORE[14], LONG[:3]),
        with_flow(Experiment('batch', 2), train_batch_size=2),
        with_flow(Experiment('rate', 1e-4), learning_rate=1e-4), with_flow(MORE[1]),
        with_flow(Experiment('rate', 4e-4), learning_rate=4e-4), with_flow(CORE[-1])]
SUBJECTS = ['teapot', 'dog', 'robot', 'duck', 'car', 'fish', 'cactus', 'mug']


def plan():
    "All runs, (experiment, class noun, seed), the most telling ones first, and of these the long ones first."
    core, flow = [BEFORE, *CORE], [replace(BEFORE, base='micro-flow'), *FLOW]
    stages = [(core, 0), (flow, 0), (core, 1), (core, 2), (WRONG, 0), (MORE, 0), (flow, 1),
              ([*WRONG, *MORE], 1), (flow, 2), ([*WRONG, *MORE], 2)]
    return [(e, noun, seed) for some, seed in stages for e in some for noun in SUBJECTS]


def key(e, noun, seed):
    return f'{e.name}/{noun}/{seed}'


def words(e, noun):
    "The subject's prompt."
    wrong = CLASSES[(CLASSES.index(noun) + 3) % len(CLASSES)]
    return f'a photo of a {e.identifier} {dict(right=noun, none="", wrong=wrong)[e.noun]}'.strip()


@cache
def base_of(name):
    "A base as it stays, for what every run asks of it."
    return load(name).to(DEVICE)


@cache
def reader_of():
    return load_reader()


@cache
def known(noun, folder):
    "What the reader remembers of a subject and of 31 others: rendered once for all runs."
    file = folder/'known'/f'{noun}.pt'
    with lock(folder, file):
        if not file.is_file(): torch.save(gallery(reader_of(), line_up(subject(noun))), file)
    return torch.load(file)


def lock(folder, file):
    "One process at a time makes a file that all use."
    file.parent.mkdir(parents=True, exist_ok=True)
    (folder/'locks').mkdir(exist_ok=True)
    return FileLock(folder/'locks'/f'{file.parent.name}-{file.name}')


class Looker(Callback):
    "Draws at certain steps, and counts what the reader finds."
    vital = True

    def __init__(self, e, noun, seed, folder):
        self.e, self.noun, self.seed, self.folder = e, noun, seed, folder
        self.looks, self.drawn, self.seconds = [], {}, 0.
        self.photos = render(instance_scenes(subject(noun), e.photos, seed)).pictures
        k, prompt = CLASSES.index(noun), words(e, noun)
        others = [CLASSES[(k + d) % len(CLASSES)] for d in range(1, len(CLASSES))]
        self.asked = dict(subject=[(f'{prompt} {PLACES[p]}', p) for p in NEW for _ in range(2)],
                          plain=[(prompt, None)]*6,
                          **{'class': [(f'a photo of a {noun}', None)]*12},
                          others=[(f'a photo of a {c}', c) for c in others])

    def after_step(self, run):
        if run.step in self.e.looks: self.look(run.model, run.step)

    def look(self, model, step):
        began = time.perf_counter()
        seeds = {kind: [generator(self.seed, kind, k).initial_seed() for k in range(len(asked))]
                 for kind, asked in self.asked.items()}
        drawn = sample(model, [p for asked in self.asked.values() for p, _ in asked],
                       [s for some in seeds.values() for s in some], batch_size=64,
                       solver=SOLVER[self.e.base], **DRAW)
        parts, left = {}, list(drawn)
        for kind, asked in self.asked.items():
            parts[kind], left = left[:len(asked)], left[len(asked):]
        self.looks.append(dict(step=step) | self.scores(parts))
        self.drawn[step] = parts
        self.keep_strip()
        self.seconds += time.perf_counter() - began

    def scores(self, parts):
        reader, x = reader_of(), {kind: to_tensor(some) for kind, some in parts.items()}
        read = {kind: reader.read(v) for kind, v in x.items()}
        seen = {kind: reader.embed(v) for kind, v in x.items()}
        faces = known(self.noun, self.folder)
        who = {kind: ((v @ faces.T).argmax(1) == 0).tolist() for kind, v in seen.items()}
        photos = reader.embed(self.photos)
        toy = {kind: [f['class_noun'] == self.noun for f in some] for kind, some in read.items()}
        place = [f['place'] == p for f, (_, p) in zip(read['subject'], self.asked['subject'])]
        shown = {s.place for s in instance_scenes(subject(self.noun), self.e.photos, self.seed)}
        each = zip(who['subject'], toy['subject'], place)
        apart = 1 - seen['class'] @ seen['class'].T
        n = len(apart)
        return dict(
            subject=dict(
                n=len(place),
                recognised=sum(who['subject']),
                toy=sum(toy['subject']),
                place=sum(place),
                all=sum(map(all, each)),
                cosine=round((seen['subject'] @ photos.T).mean().item(), 4),
            ),
            plain=dict(
                n=len(read['plain']),
                recognised=sum(who['plain']),
                toy=sum(toy['plain']),
                place_of_photos=sum(f['place'] in shown for f in read['plain']),
            ),
            **{
                'class': dict(
                    n=n,
                    subject=sum(who['class']),
                    toy=sum(toy['class']),
                    cosine=round((seen['class'] @ photos.T).mean().item(), 4),
                    apart=round((apart.sum() / (n * (n - 1))).item(), 4),
                    kinds=len(
                        {tuple(f[a] for a in ('colour', 'pattern', 'accessory')) for f in read['class']}
                    ),
                )
            },
            others=dict(
                n=len(read['others']),
                toy=sum(f['class_noun'] == c for f, (_, c) in zip(read['others'], self.asked['others'])),
            ),
        )

    def keep_strip(self):
        "A few pictures of each look: six of the subject in new places, one in none, three of the class."
        name = key(self.e, self.noun, self.seed).replace('/', '-').replace(' ', '_').replace(',', '')
        sheet([p['subject'][::2] + p['plain'][:1] + p['class'][:3] for p in self.drawn.values()]).save(
            self.folder/f'{name}.jpg', quality=88)


def sheet(rows):
    "Rows of as many pictures each, as one picture."
    out = Image.new('RGB', (64*len(rows[0]), 64*len(rows)))
    for y, row in enumerate(rows):
        for x, im in enumerate(row):
            out.paste(im, (64*x, 64*y))
    return out


def latents(model, pictures, prompt):
    return LatentCache.build(pictures, [prompt]*len(pictures), [str(k) for k in range(len(pictures))],
                             model.encode_images)


@cache
def pool(base, folder, noun, n, seed=0, guidance=GUIDANCE):
    "The first n of a base's own pictures of a class: drawn once for all runs, encoded once a process."
    prompt, model = f'a photo of a {noun}', base_of(base)
    how = dict(guidance_scale=guidance, num_inference_steps=25)
    place = folder/'class_images'/f'{base}-{noun}-{seed}-{guidance:g}'
    found = PriorPool(place, prompt, dict(model=base, size=64) | how)
    def draw(prompts, seeds):
        return sample(model, prompts, seeds, batch_size=64, **how)
    with lock(folder, place):
        paths = found.fill(n, draw, 64, seed, progress=False)
    return latents(model, [Image.open(p).convert('RGB') for p in paths], prompt)


@cache
def before(base, noun, seed, folder):
    "What a base draws for a subject's prompts, of the subject and of the class: drawn once for all runs."
    file = folder/'before'/f'{base}-{noun}-{seed}.png'
    with lock(folder, file):
        if not file.is_file():
            look = Looker(replace(BEFORE, base=base), noun, seed, folder)
            look.look(base_of(base), 0)
            sheet([look.drawn[0]['subject'] + look.drawn[0]['class']]).save(file)
    seen = Image.open(file).convert('RGB')
    cut = [seen.crop((64*k, 0, 64*k + 64, 64)) for k in range(seen.width//64)]
    return dict(subject=cut[:12], **{'class': cut[12:]})


@cache
def encoders():
    "What looks without the truth: the features of micro's UNet, and the reader."
    return unet_encoder(base_of('micro')), reader_encoder(reader_of())


def seen_once(encoder, pictures):
    "An encoder that has looked at these pictures, all at once, and remembers them."
    vectors = dict(zip(map(id, pictures), encoder.images(pictures)))
    return replace(encoder, images=lambda some: torch.stack([vectors[id(im)] for im in some]))


def blind(look):
    "Each look as chapter 06 sees it without the truth, relative to the base: encoder -> a row for each look."
    texts = [f'a photo of a {look.noun} {PLACES[p]}' for p in NEW for _ in range(2)]
    photos = to_pil(render(instance_scenes(subject(look.noun), 4, look.seed)).pictures)
    first = before(look.e.base, look.noun, look.seed, look.folder)
    all_of = [im for parts in (first, *look.drawn.values()) for im in parts['subject'] + parts['class']]
    seen = [seen_once(encoder, photos + all_of) for encoder in encoders()]
    def evaluation(parts):
        scores = scores_of(seen, photos, parts['subject'], texts, parts['class'],
                           f'a photo of a {look.noun}')
        return Evaluation('', texts, None, [], {}, scores, {}, [])
    then, found = evaluation(first), {step: evaluation(parts) for step, parts in look.drawn.items()}
    def rounded(some):
        return {k: round(v, 4) if isinstance(v, float) else v for k, v in some.items() if v is not None}
    return {e.name: [rounded(vars(relative(f, then, step, e.name))) for step, f in found.items()]
            for e in seen}


def learn(e, noun, seed, folder):
    "One run, from the base to its line of the record."
    began, model = time.perf_counter(), load(e.base).to(DEVICE)
    look = Looker(e, noun, seed, folder)
    prompt = words(e, noun)
    cfg = TrainConfig(str(folder), prompt, str(folder), seed=seed, class_prompt=f'a photo of a {noun}',
                      **RECIPE | FAST | dict(max_train_steps=max(e.looks[-1], 1)) | e.changes
                      | (dict(initializer_token=noun) if '<' in prompt else {}))
    photos = latents(model, to_pil(look.photos), prompt)
    unseen = latents(model, to_pil(render(instance_scenes(subject(noun), 2, 1000 + seed)).pictures), prompt)
    held = HeldOut(unseen, pool(e.base, folder, noun, 4, 1))
    prior = None
    if cfg.with_prior_preservation: prior = pool(e.base, folder, noun, cfg.num_class_images, 0, e.guidance)
    run, training = None, 0.
    if e.looks == (0,): look.look(model, 0)
    else:
        run = Run(model, Batches(photos, prior, cfg.train_batch_size, seed), cfg, [Validation(held), look],
                  held.caches)
        training = time.perf_counter()
        run.tell('before_train')
        while run.goes_on():
            run.one_step()
            run.tell('after_step')
        training = time.perf_counter() - training - look.seconds
    log = Log(run.log) if run else Log()
    names = ('step', 'val_instance_loss', 'val_class_loss', 'val_score')
    return dict(base=e.base, axis=e.axis, value=e.value, subject=noun, seed=seed, prompt=prompt,
                photos=e.photos, guidance=e.guidance, solver=SOLVER[e.base],
                settings=RECIPE | dict(max_train_steps=e.looks[-1]) | e.changes, looks=look.looks,
                held_out=[[r[k] if k == 'step' else round(r[k], 5) for k in names]
                          for r in log if names[1] in r],
                loss=[round(sum(r['loss'] for r in log[k:k + 50])/len(log[k:k + 50]), 5)
                      for k in range(0, len(log), 50)],
                verdict=log.verdict if log else None,
                blind=blind(look) if run else {},
                images_seen=len(log)*cfg.train_batch_size*(1 + cfg.with_prior_preservation),
                seconds=dict(training=round(training, 1), looks=round(look.seconds, 1),
                             all=round(time.perf_counter() - began, 1)),
                torch=torch.__version__, device=DEVICE)


def done(folder):
    "The keys of the runs that are in the record."
    file = folder/'runs.jsonl'
    rows = [json.loads(line) for line in file.read_text().splitlines()] if file.is_file() else []
    return {f'{r["base"]}/{r["axis"]}/{r["value"]}/{r["subject"]}/{r["seed"]}' for r in rows}


def work(job, folder):
    "One run, and its line of the record, unless the record has it or another process is at it."
    name = key(*job)
    mine = lock(folder, folder/'taken'/name.replace('/', '-'))
    try:
        mine.acquire(timeout=0)
    except Timeout:
        return
    with mine:
        if name in done(folder): return
        row = learn(*job, folder)
        with lock(folder, folder/'runs.jsonl'), open(folder/'runs.jsonl', 'a') as f:
            f.write(json.dumps(row) + '\n')
    last = row['looks'][-1]
    print(f"{time.strftime('%H:%M')} {name}: {row['seconds']['all']} s; subject {last['subject']}; "
          f"class {last['class']}; {row['verdict']}", flush=True)
    return row


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('folder', type=Path, help='where the record is, and everything that is made')
    p.add_argument('--only', default='', help='part of a name, such as photos/1 or what/lora/dog/0')
    p.add_argument('--minutes', type=float, default=float('inf'), help='begin no run that would end later')
    p.add_argument('--list', action='store_true', help='say what there is to do, and stop')
    args = p.parse_args()
    end = time.monotonic() + 60*args.minutes
    args.folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(int(os.environ.get('OMP_NUM_THREADS', 1)))
    todo, there = [job for job in plan() if args.only in key(*job)], done(args.folder)
    if args.list:
        for job in todo:
            print('done' if key(*job) in there else '    ', key(*job))
        print(sum(key(*job) in there for job in todo), 'of', len(todo))
        return
    failed, of_a_step = [], 0. # seconds, as the slowest run so far had it
    for job in todo:
        steps = job[0].looks[-1]
        if key(*job) in there or time.monotonic() + of_a_step*steps > end: continue
        try:
            row = work(job, args.folder)
        except Exception as e: # of one run; the others go on
            failed.append(f'{key(*job)}: {type(e).__name__}: {e}')
            print(failed[-1], flush=True)
            continue
        if row and steps: of_a_step = max(of_a_step, row['seconds']['all']/steps)
    if failed: raise SystemExit(f'{len(failed)} runs failed')


if __name__ == '__main__': main()
