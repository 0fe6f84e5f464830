#!/usr/bin/env python
"""What users of kohya's trainer are used to, from the settings of a run to its pictures, on tiny models.

    python tests/kohya_habits.py FOLDER

Folders of photos that count several times, captions dropped and shuffled, convolutions of a LoRA at a rank of
their own, a LoRA that is trained on, layers of the text encoder left out, captions of more than 75 tokens.
"""
import argparse, json, os, shutil
from pathlib import Path

os.environ.setdefault('HF_HUB_OFFLINE', '1')

import torch
from PIL import Image, ImageDraw
from safetensors.torch import load_file

from dreambooth_nb.core import UserError
from dreambooth_nb.craft.lora_files import lora_settings, tensors_in
from dreambooth_nb.craft.opening import load
from dreambooth_nb.craft.tiny import tiny_base
from dreambooth_nb.craft.settings import TrainConfig
from dreambooth_nb.craft.checkpoints import open_model
from dreambooth_nb.craft.prompts import encode_weighted
from dreambooth_nb.cfg_sampler import sample
from dreambooth_nb.export import export_model
from dreambooth_nb.run import dreambooth

LONG = 'a photo of a sks dog, ' + ', '.join(['a red ball', 'a blue mug', 'a green car', 'a pink fish']*2)
FOLDERS = {'6_a sks dog': ('a', 'b'), '2_a sks dog, on the moon, in snow': ('c',), '1_': ('d',)}


class Seen:
    "A callback that keeps the run."
    def before_train(self, run):
        self.run = run


def photos(folder):
    "Four photos in folders that say how often they count."
    for k, (name, files) in enumerate(FOLDERS.items()):
        (folder/name).mkdir(parents=True, exist_ok=True)
        for n, file in enumerate(files):
            image = Image.new('RGB', (64, 64), (60*k, 90, 200 - 40*n))
            ImageDraw.Draw(image).ellipse((12, 12, 52, 52), fill=(220, 200 - 20*k, 30))
            image.save(folder/name/f'{file}.png')


def trained(root, name, **changes):
    "A short run, and what its callback saw."
    seen = Seen()
    same = dict(pretrained_model_name_or_path=str(root/'base'), class_prompt='a photo of a dog',
                max_train_steps=3, num_class_images=4, train_batch_size=2, learning_rate=1e-3,
                sample_batch_size=4)
    cfg = TrainConfig(str(root/'photos'), 'a photo of a sks dog', str(root/name), **same | changes)
    return dreambooth(cfg, progress=False, callbacks=[seen]), seen.run


def refused(line, root, name, **changes):
    "The run is refused with this line."
    try:
        trained(root, name, **changes)
    except UserError as e:
        assert line in str(e), e
    else:
        raise AssertionError(f'not refused: {line}')


def repeats(root):
    "Each photo is drawn as often as its folder says, and an epoch has as many draws."
    _, run = trained(root, 'repeats', train='lora')
    ids = run.data.cache('instance', 0).ids
    counts = [sum(ids[run.data.index('instance', n)] == name for n in range(15)) for name in ids]
    assert dict(zip(ids, counts)) == {'1_/d.png': 1, '2_a sks dog, on the moon, in snow/c.png': 2,
                                      '6_a sks dog/a.png': 6, '6_a sks dog/b.png': 6}, counts
    prompts = {p for step in range(8) for p in run.data.batch(step).prompts}
    assert prompts == {'a photo of a sks dog', 'a sks dog', 'a sks dog, on the moon, in snow',
                       'a photo of a dog'}, prompts
    assert run.data.cache('instance', 0).epoch == 15


def captions(root):
    "The settings reach the draws, and the draws reach the loss."
    plain, _ = trained(root, 'captions-plain', train='lora')
    for name, how in dict(dropped=dict(caption_dropout_rate=.6),
                          shuffled=dict(shuffle_caption=True, keep_tokens=1)).items():
        result, run = trained(root, f'captions-{name}', train='lora', **how)
        rows = [p for step in range(40) for p in run.data.batch(step).prompts]
        assert ('' in rows) == (name == 'dropped'), rows
        assert ('a sks dog, in snow, on the moon' in rows) == (name == 'shuffled'), rows
        assert all(not p or p.startswith('a sks dog') or p.startswith('a photo') for p in rows), rows
        def plainly(batch):
            return [run.data.cache(*d).prompts[run.data.index(*d)] for d in batch.draws]
        as_they_are = [b.prompts == plainly(b) for b in map(run.data.batch, range(3))]
        assert name == 'shuffled' or not all(as_they_are)
        same = result.log[0]['loss'] == plain.log[0]['loss']
        assert same == as_they_are[0], name # the loss of the first step differs where its words do
    result, run = trained(root, 'captions-text', caption_dropout_rate=.6) # with the text encoder
    assert run.learns_text and result.log[-1]['loss'] > 0


def convolutions(root):
    "A rank of their own, in the run, in its file, in kohya's format and back; and trained on from there."
    how = dict(train='lora', lora_targets='all', rank=4, lora_alpha=2, conv_rank=2, conv_alpha=1)
    trained(root, 'conv', **how)
    known = dict(rank={4}, lora_alpha={2.}, conv_rank={2}, conv_alpha={1.}, lora_targets={'all'},
                 use_dora={False})
    assert lora_settings(root/'conv') == known, lora_settings(root/'conv')
    file = root/'conv.safetensors'
    export_model(str(root/'conv'), str(file), 'kohya', dtype='float32')
    assert lora_settings(file) == known, lora_settings(file)
    header = tensors_in(file).metadata
    assert (header['ss_network_dim'], header['ss_network_alpha']) == ('4', '2.0'), header
    args = json.loads(header['ss_network_args'])
    assert (args['conv_dim'], args['conv_alpha']) == ('2', '1.0'), args
    ours, theirs = load(str(root/'conv')), load(str(file), lora_base=str(root/'base'))
    for (k, a), (_, b) in zip(ours.unet.state_dict().items(), theirs.unet.state_dict().items()):
        assert torch.equal(a, b), k
    for part in ('conv', 'conv.safetensors'):
        on = dict(pretrained_model_name_or_path=str(root/part), lora_base=str(root/'base'))
        result, run = trained(root, f'on-{part}', train='lora', max_train_steps=2, learning_rate=1e-6, **on)
        assert lora_settings(root/f'on-{part}') == known
        before, after = load_file(root/'conv'/'pytorch_lora_weights.safetensors'), load_file(
            root/f'on-{part}'/'pytorch_lora_weights.safetensors')
        far = max((before[k] - after[k]).abs().max() for k in before)
        assert 0 < far < 1e-4, far # it goes on from there, not from the beginning
        refused('rank: is 16, but the LoRA that is trained on', root, 'x', train='lora', rank=16, **on)
        refused("lora_targets: is 'linear', but the", root, 'x', train='lora', lora_targets='linear', **on)
        trained(root, f'same-{part}', **how | on) # what is not contradicted may be said again


def skipped(root):
    "Trained so, drawn so: whatever was trained, and from a checkpoint, too."
    ways = dict(whole={}, lora=dict(train='lora'), words=dict(train='token', placeholder_token='<toy>',
                instance_prompt='a photo of a <toy> dog', initializer_token='dog'))
    for name, how in ways.items():
        out = f'skip-{name}'
        how = dict(checkpointing_steps=2) | how
        prompt = how.pop('instance_prompt', 'a photo of a sks dog')
        how |= dict(clip_skip=1)
        result, run = toy(root, out, prompt, how) if name == 'words' else trained(root, out, **how)
        again, stopped = open_model(root/out), open_model(root/out/'checkpoint-2')
        assert (result.model.clip_skip, again.clip_skip, stopped.clip_skip) == (1, 1, 1), name
        [here], [there] = (sample(m, prompt, [0], num_inference_steps=2) for m in (result.model, again))
        settings = json.loads(there.info['dreambooth_nb'])
        assert settings['clip_skip'] == 1 and here.tobytes() == there.tobytes(), name
        [other] = sample(again, prompt, [0], num_inference_steps=2, clip_skip=0)
        assert other.tobytes() != there.tobytes(), name
        seen = run.condition([prompt], (64, 64))['encoder_hidden_states']
        assert torch.equal(seen, again.condition([prompt])['encoder_hidden_states']) or name != 'lora'
    export_model(str(root/'skip-lora'), str(root/'skip.safetensors'), 'kohya', dtype='float32')
    assert tensors_in(root/'skip.safetensors').metadata['ss_clip_skip'] == '2' # counted from 1 there
    assert load(str(root/'skip.safetensors'), lora_base=str(root/'base')).clip_skip == 1
    export_model(str(root/'skip-whole'), str(root/'skip-folder'), 'diffusers', dtype='float32')
    assert load(str(root/'skip-folder')).clip_skip == 1
    refused('clip_skip: 2 is impossible with this text encoder', root, 'x', clip_skip=2)


def toy(root, out, prompt, how):
    "A run that learns a word."
    seen = Seen()
    shutil.rmtree(root/'plain', ignore_errors=True)
    shutil.copytree(root/'photos'/'6_a sks dog', root/'plain')
    cfg = TrainConfig(str(root/'plain'), prompt, str(root/out), class_prompt='a photo of a dog',
                      pretrained_model_name_or_path=str(root/'base'), max_train_steps=3, num_class_images=4,
                      sample_batch_size=4, **how)
    return dreambooth(cfg, progress=False, callbacks=[seen]), seen.run


def long_captions(root):
    "What training reads of a long caption is what a sampler reads."
    folder = root/'long'
    folder.mkdir(exist_ok=True)
    for file in (root/'photos').rglob('*.png'):
        shutil.copy(file, folder/file.name)
    (folder/'a.txt').write_text(LONG, encoding='utf-8')
    seen, logs = {}, {}
    for name, length in dict(short=None, long=150).items():
        keep = Seen()
        cfg = TrainConfig(str(folder), 'a photo of a sks dog', str(root/f'length-{name}'), train='lora',
                          pretrained_model_name_or_path=str(root/'base'), class_prompt='a photo of a dog',
                          max_train_steps=2, num_class_images=4, train_batch_size=4, max_token_length=length)
        result = dreambooth(cfg, progress=False, callbacks=[keep])
        seen[name], logs[name] = keep.run.condition([LONG], (64, 64))['encoder_hidden_states'], result.log
    s = result.model.tokenizer.model_max_length
    assert [v.shape[1] for v in seen.values()] == [s, 2*s], seen
    sampler = encode_weighted(load(str(root/'base')), [LONG])['encoder_hidden_states']
    assert (seen['long'] - sampler).abs().max() < 1e-5
    assert logs['short'][0]['loss'] != logs['long'][0]['loss']


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('folder', type=Path)
    root = parser.parse_args().folder
    root.mkdir(parents=True, exist_ok=True)
    tiny_base(root/'base', 'sd1')
    photos(root/'photos')
    for test in (repeats, captions, convolutions, skipped, long_captions):
        test(root)
        print(f'{test.__name__}: {test.__doc__}')


if __name__ == '__main__': main()
