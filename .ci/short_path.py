#!/usr/bin/env python
"""The short path: load, sample, train, a LoRA on both networks, save, export, read back by diffusers.

    VENV/bin/python .ci/short_path.py

A few steps of the embedded model in a temporary folder, through the command where there is one. It needs what
the package itself needs and no more, so it runs in an environment of the lowest versions as in one of the
newest. Every picture is compared with the one that diffusers draws from the same files and the same noise.
The last line says `ok` or what went wrong; the exit code is 0 only for `ok`.
"""
import os, tempfile
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault('HF_HUB_OFFLINE', '1')

import numpy as np
from diffusers import DDIMScheduler, StableDiffusionPipeline

from dreambooth_nb.core import to_pil
from dreambooth_nb.micro.world import instance_scenes, render, subject
from dreambooth_nb.craft.bases import find_base
from dreambooth_nb.craft.opening import load
from dreambooth_nb.cfg_sampler import initial_latents, sample
from dreambooth_nb.craft.commands import main as dreambooth

PROMPT, STEPS = 'a photo of a sks teapot', 6
LIBRARIES = 'torch diffusers transformers accelerate peft huggingface_hub safetensors numpy pillow fastcore'


def command(*words):
    "The `dreambooth` command. AssertionError when it does not end well."
    assert dreambooth([str(w) for w in words]) == 0, f'dreambooth {" ".join(map(str, words))}'


def ours(folder):
    "The picture that we draw, as numbers 0..255."
    image, = sample(load(folder), PROMPT, [3], guidance_scale=5., num_inference_steps=STEPS)
    return np.asarray(image).astype(int)


def theirs(pipe):
    "The picture that diffusers draws from the same noise."
    noise = initial_latents(load('micro'), [3])
    pipe.scheduler = DDIMScheduler.from_config(pipe.scheduler.config)
    pipe.set_progress_bar_config(disable=True)
    image = pipe(PROMPT, guidance_scale=5., num_inference_steps=STEPS, latents=noise).images[0]
    return np.asarray(image).astype(int)


def same(name, a, b, at_most=1):
    "Two pictures are equal to so many of 255."
    gap = int(np.abs(a - b).max())
    print(f'{name}: largest difference {gap} of 255')
    assert gap <= at_most, f'{name}: {gap} of 255 apart'


def pipeline(folder):
    return StableDiffusionPipeline.from_pretrained(str(folder), safety_checker=None)


def tokenizer_is_whole(folder):
    "What programs of other versions read."
    names = {p.name for p in Path(folder, 'tokenizer').iterdir()}
    assert {'vocab.json', 'merges.txt'} <= names, f'{folder}/tokenizer holds only {sorted(names)}'


def short_path(micro):
    "Everything, in the working directory."
    tokenizer_is_whole(micro)
    same('micro', ours('micro'), theirs(pipeline(micro)))
    Path('photos').mkdir()
    photos = to_pil(render(instance_scenes(subject('teapot'))).pictures)
    for k, photo in enumerate(photos):
        photo.save(f'photos/{k}.png')
    train = ['train', '--instance_data_dir', 'photos', '--instance_prompt', PROMPT,
             '--class_prompt', 'a photo of a teapot', '--num_class_images', 2,
             '--max_train_steps', 2, '--train_batch_size', 1, '--learning_rate', 1e-3]
    command(*train, '--train', 'unet+text_encoder', '--output_dir', 'full')
    command(*train, '--train', 'lora+text_encoder', '--rank', 4, '--output_dir', 'lora')
    before = ours('micro')
    for folder in 'full', 'lora':
        assert np.abs(ours(folder) - before).max() > 3, f'{folder}: nothing was learned'
    tokenizer_is_whole('full')
    same('full', ours('full'), theirs(pipeline('full')))

    command('sample', 'full', PROMPT, '--num_images', 1, '--num_inference_steps', 2,
            '--output_dir', 'pictures')
    assert len(list(Path('pictures').glob('*.png'))) == 1
    command('export', 'full', 'full.safetensors', '--format', 'single-file', '--dtype', 'float32')
    offline = dict(config='full', safety_checker=None, local_files_only=True)
    pipe = StableDiffusionPipeline.from_single_file('full.safetensors', **offline)
    same('single file', ours('full'), theirs(pipe))
    command('export', 'lora', 'kohya.safetensors', '--format', 'kohya', '--dtype', 'float32')
    command('export', 'lora', 'peft', '--format', 'peft', '--dtype', 'float32')
    for folder, file in ('.', 'kohya.safetensors'), ('peft', 'pytorch_lora_weights.safetensors'):
        pipe = pipeline(micro)
        pipe.load_lora_weights(folder, weight_name=file)
        same(f'LoRA, {file}', ours('lora'), theirs(pipe))


def main():
    print(', '.join(f'{name} {version(name)}' for name in LIBRARIES.split()))
    micro = Path(find_base('micro')).resolve()
    # Windows keeps files that diffusers has mapped
    with tempfile.TemporaryDirectory(prefix='short_path.', ignore_cleanup_errors=True) as folder:
        os.chdir(folder)
        try:
            short_path(micro)
        finally:
            os.chdir(micro)
    print('ok')


if __name__ == '__main__': main()
