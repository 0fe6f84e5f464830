#!/usr/bin/env python
"""Short runs and pictures, and what they come to: nothing may change them unawares.

    python tests/recorded_runs.py FOLDER           run all in FOLDER and compare with tests/recorded_runs.json
    python tests/recorded_runs.py FOLDER --write   run all and write tests/recorded_runs.json

Per run, the weights that were written; per picture, its pixels: a digest, equal on one machine with one set
of versions, and a hundred of the values, nearly equal on others. A change that is meant is recorded with
--write, in a commit that says why. Bases that are in FOLDER already are used again.
"""
import argparse, hashlib, json, os, sys
from pathlib import Path

os.environ.setdefault('HF_HUB_OFFLINE', '1')

import diffusers
import numpy as np
import torch
from PIL import Image, ImageDraw
from safetensors.torch import load_file, save_file

from dreambooth_nb.core import randn
from dreambooth_nb.craft.families import FAMILIES
from dreambooth_nb.craft.opening import load
from dreambooth_nb.craft.tiny import tiny_base
from dreambooth_nb.craft.settings import TrainConfig
from dreambooth_nb.cfg_sampler import sample
from dreambooth_nb.run import dreambooth

RECORD = Path(__file__).with_suffix('.json')
SAME = dict(instance_prompt='a photo of a sks dog', class_prompt='a photo of a dog', max_train_steps=4,
            num_class_images=4, train_batch_size=2, learning_rate=1e-3, sample_batch_size=4,
            checkpointing_steps=2)
RUNS = {'full': dict(base='sd1'),
        'lora': dict(base='sd1', train='lora', rank=4),
        'dora': dict(base='sd1', train='lora', rank=4, use_dora=True),
        'token': dict(base='sd1', train='token', instance_prompt='a photo of a <toy> dog'),
        'masks': dict(base='sd1', use_masks=True, train_text_encoder=False),
        'buckets': dict(base='sd1', aspect_ratio_buckets=True, random_flip=True),
        'refreshed': dict(base='sd1', refresh_class_images_every=2, refresh_class_images=2),
        'sd2-v': dict(base='sd2', snr_gamma=5., noise_offset=.05, use_ema=True, ema_decay=.5),
        'sdxl': dict(base='sdxl', center_crop=False, gradient_accumulation_steps=2, lr_scheduler='cosine'),
        'resumed': dict(base='sd1', resume=True),
        'sd3': dict(base='sd3', weighting_scheme='cosmap'),
        'sd3-lora': dict(base='sd3', train='lora+text_encoder', rank=4, timestep_strata=2, resume=True),
        'flux': dict(base='flux', gradient_checkpointing=True),
        'flux-lora': dict(base='flux', train='lora+text_encoder', rank=4, lora_targets='linear', resume=True),
        'zimage': dict(base='zimage', train='unet', weighting_scheme='mode'),
        'zimage-lora': dict(base='zimage', train='lora', rank=4, resume=True),
        'klein': dict(base='klein', train='unet'),
        'klein-lora': dict(base='klein', train='lora', rank=4, lora_targets='linear', resume=True)}
SOLVERS = dict(ddim='sd1', ddpm='sd1', euler='sd1', heun='sd1', euler_ancestral='sd1', dpmpp_2m='sd2',
               unipc='sdxl')
PICTURES = {f'{solver}, {base}': dict(base=base, solver=solver) for solver, base in SOLVERS.items()}
PICTURES |= {f'{solver}, sd3': dict(base='sd3', solver=solver)
             for solver in ('euler', 'heun', 'dpmpp_2m', 'unipc')}
PICTURES |= {f'euler, {base}': dict(base=base, solver='euler') for base in ('flux', 'klein')}
PICTURES |= {'euler, zimage': dict(base='zimage', solver='euler', guidance_scale=5.)}
PICTURES |= {'negative prompt': dict(base='sd1', negative_prompt='blue', guidance_rescale=.7),
             'eta': dict(base='sd1', eta=1.), 'image to image': dict(base='sd1', image=True, strength=.6)}


def photos(folder):
    "Four photos of three shapes, with masks."
    folder.mkdir(parents=True, exist_ok=True)
    for k, size in enumerate(((80, 64), (64, 96), (64, 64), (72, 80))):
        image, mask = Image.new('RGB', size, (40*k, 90, 200 - 30*k)), Image.new('L', size)
        for canvas, colour in ((image, (220, 200 - 20*k, 30)), (mask, 255)):
            ImageDraw.Draw(canvas).ellipse((12, 12, 52, 52), fill=colour)
        image.save(folder/f'{k}.png')
        mask.save(folder/f'{k}.mask.png')


def known(family):
    "Does diffusers, as it is installed, have the family's pipeline?"
    return family not in FAMILIES or hasattr(diffusers, FAMILIES[family].pipeline)


def make_base(family):
    "A tiny base whose weights are named draws, so that they depend on no library's way to begin."
    folder = Path(tiny_base(f'bases/{family}', family))
    for file in folder.rglob('*.safetensors'):
        tensors = load_file(file)
        for name, v in tensors.items():
            if not v.is_floating_point(): continue
            noise = randn(v.shape, 0, family, file.parent.name, name.removeprefix('text_model.'))
            scale = .02 if v.ndim < 2 else v[0].numel()**-.5
            ones = 'norm' in name and name.endswith('weight') or name.endswith('running_var')
            tensors[name] = noise*scale + (v.ndim == 1 and ones)
        save_file(tensors, file, dict(format='pt'))


def summary(arrays, apart):
    "A digest of a dictionary of arrays, a hundred values, and how far these may differ elsewhere."
    h = hashlib.sha256()
    for name in sorted(arrays):
        h.update(name.encode() + np.ascontiguousarray(arrays[name]).tobytes())
    values = np.concatenate([arrays[name].ravel().astype(float) for name in sorted(arrays)])
    some = values[np.linspace(0, len(values) - 1, 100).astype(int)]
    return dict(digest=h.hexdigest()[:16], apart=apart, values=[round(v, 6) for v in some.tolist()])


def weights(folder):
    "All tensors of a saved model."
    found = {}
    for file in sorted(folder.rglob('*.safetensors')):
        where = file.relative_to(folder)
        if where.parts[0].startswith(('checkpoint', '.')): continue
        for name, v in load_file(file).items():
            found[f'{where.parent}/{name.removeprefix("text_model.")}'] = v.numpy()
    return found


def run(name, base, resume=False, **settings):
    places = dict(pretrained_model_name_or_path=f'bases/{base}', instance_data_dir='photos', output_dir=name)
    same = SAME | settings | places
    if resume:
        def stop(step, row, model):
            if step == 2: raise KeyboardInterrupt
        try:
            dreambooth(TrainConfig(**same), progress=False, callbacks=[stop])
        except KeyboardInterrupt:
            pass
        same['resume_from_checkpoint'] = 'latest'
    model = load(f'bases/{base}')
    if name == 'token': model.add_token('<toy>', 'dog')
    dreambooth(TrainConfig(**same), model=model, progress=False)
    return summary(weights(Path(name)), 5e-5) # another processor: 2.3e-5; a rate 5 % higher: 2.3e-4


def picture(base, image=False, **settings):
    start = dict(image=Image.open('photos/2.png').convert('RGB')) if image else {}
    prompts = ['a photo of a dog', 'a photo of a sks dog']
    drawn = sample(load(f'bases/{base}'), prompts, [1, 2], num_inference_steps=5, **start, **settings)
    return summary({str(k): np.asarray(im) for k, im in enumerate(drawn)}, .5)


def differs(a, b):
    "Why two summaries differ; nothing where they agree."
    if a['digest'] == b['digest']: return None
    gap = float(np.abs(np.subtract(a['values'], b['values'])).mean())
    return f'{gap:.1e} apart' if gap > a['apart'] else None


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('folder', help='where everything is made; the bases there are used again')
    p.add_argument('--write', action='store_true', help='write the record')
    args = p.parse_args()
    torch.set_num_threads(1)
    os.makedirs(args.folder, exist_ok=True)
    os.chdir(args.folder)
    for family in sorted({how['base'] for how in (*RUNS.values(), *PICTURES.values())}):
        if known(family) and not Path('bases', family).exists(): make_base(family)
    photos(Path('photos'))
    found = {f'run: {name}': run(name, **how) for name, how in RUNS.items() if known(how['base'])}
    found |= {f'picture: {name}': picture(**how) for name, how in PICTURES.items() if known(how['base'])}
    if args.write:
        lines = ',\n '.join(f'{json.dumps(k)}: {json.dumps(v)}' for k, v in found.items())
        RECORD.write_text('{' + lines + '}\n', encoding='utf-8')
        print(f'{len(found)} written')
        return
    record, failed = json.loads(RECORD.read_text(encoding='utf-8')), 0
    for name, now in found.items():
        why = differs(record[name], now) if name in record else 'not recorded'
        failed += why is not None
        print(f'{name}: {why or ("identical" if record[name]["digest"] == now["digest"] else "equal")}')
    print(f'{len(found) - failed} passed, {failed} failed')
    sys.exit(bool(failed))


if __name__ == '__main__': main()
