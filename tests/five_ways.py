#!/usr/bin/env python
"""The five ways in, walked as a new user would, and timed: README, Python, command line, old command, Colab.

    python tests/five_ways.py dist/dreambooth_nb-*.whl FOLDER [--photos FOLDER] [--quick]

Makes FOLDER, which must not be there, with a virtual environment in it; installs the wheel as anybody would
(pip's own variables say from where), and types what the README says, with a local model in the place of one
from the hub and few steps. Nothing is taken from this checkout but the notebook that is opened on Colab.
Without --photos, four pictures of a toy are taught. --quick walks the demo in a few steps, and opens a short
notebook. What each step printed is kept in FOLDER/said. The last lines are a table; the exit code is 0 only
when every step went well.
"""
import argparse, os, shlex, shutil, subprocess, sys, time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PHOTOS = """from dreambooth_nb.core import to_pil
from dreambooth_nb.micro.world import instance_scenes, render, subject
from dreambooth_nb.run import save_images
save_images(to_pil(render(instance_scenes(subject('dog'))).pictures), 'photos')"""
LINES = """from dreambooth_nb import check, dreambooth, sample
print(check('photos', 'a photo of a sks dog'))
run = dreambooth('photos', 'a photo of a sks dog', base='micro', output_dir='python', **SMALL)
run.grid(['a photo of a sks dog', 'a photo of a sks dog on the moon'])
run = run.train_more(4)
run.export('my-dog.safetensors', format='single-file')
print(run, sample('python', 'a photo of a sks dog', 0))"""
READS = """from diffusers import DiffusionPipeline
for base in 'tiny', 'tiny-xl':
    DiffusionPipeline.from_pretrained(base).load_lora_weights(f'old/{base}-lora')
DiffusionPipeline.from_pretrained('old/tiny')"""
LAYOUT = 'model_index.json scheduler/*.json text_encoder/*.json tokenizer/* unet/*.safetensors vae/*.json'
SMALL = dict(max_train_steps=4, num_class_images=4, train_batch_size=1)
PROMPT = "'a photo of a sks dog'"
NEEDED = f'--instance_data_dir photos --instance_prompt {PROMPT}'
FEW = ' '.join(f'--{name} {value}' for name, value in SMALL.items())


class Walk:
    "Steps in a folder, each timed."
    def __init__(self, folder):
        self.folder, self.venv, self.rows = folder, folder/'venv', []
        (folder/'said').mkdir(parents=True)
        bin = self.venv/('Scripts' if os.name == 'nt' else 'bin')
        self.python = bin/'python'
        self.env = {k: v for k, v in os.environ.items() if k not in ('PYTHONPATH', 'VIRTUAL_ENV')}
        self.env |= dict(PATH=f'{bin}{os.pathsep}{os.environ["PATH"]}', HOME=str(folder), HF_HUB_OFFLINE='1')

    def step(self, way, what, command, leaves=(), code=0, says=''):
        "Type a command; it must leave files, end with a code, and say something. Its seconds are a row."
        words = shlex.split(command) if isinstance(command, str) else command
        start, used = time.perf_counter(), os.times().children_user
        done = subprocess.run(words, cwd=self.folder, env=self.env, capture_output=True, text=True)
        seconds, said = time.perf_counter() - start, done.stdout + done.stderr
        used = os.times().children_user - used
        (self.folder/'said'/f'{len(self.rows):02d}.txt').write_text(f'{words}\n{said}', encoding='utf-8')
        lacks = [name for name in leaves if not any(self.folder.glob(name))]
        well = done.returncode == code and not lacks and says in said
        well = well and (code == 0 or said.count('\n') == 1 and used < 1) # wrong input: one line, at once
        self.rows.append((way, what, seconds, well, used))
        print(f'{way:14}{what:44}{seconds:7.1f} s  {"ok" if well else "FAIL"}', flush=True)
        if not well: print(f'lacks {lacks}; said:\n{said[-3000:]}', flush=True)

    def table(self):
        "The rows, and the seconds of each way: by the clock, and those that a core was at work."
        lines = ['| way | step | seconds | at work |', '|---|---|---|---|']
        for way, what, seconds, _, used in self.rows:
            lines.append(f'| {way} | {what} | {seconds:.1f} | {used:.1f} |')
        for way in dict.fromkeys(row[0] for row in self.rows):
            seconds, used = (sum(row[k] for row in self.rows if row[0] == way) for k in (2, 4))
            lines.append(f'| **{way}** | in all | {seconds:.0f} | {used:.0f} |')
        shown = [row[2] for row in self.rows if row[0] == 'install' or row[1] == 'dreambooth demo']
        lines.append(f'| **from pip install to the first personalised picture** | | {sum(shown):.0f} | |')
        return '\n'.join(lines)


def walk(w, wheel, photos, quick):
    python = str(w.python)
    w.step('install', 'a new environment', [sys.executable, '-m', 'venv', str(w.venv)])
    w.step('install', 'pip install the wheel', [python, '-m', 'pip', 'install', '-q', str(wheel)])
    for_notebooks = [python, '-m', 'pip', 'install', '-q', 'nbclient', 'ipykernel']
    w.step('install', 'pip install nbclient ipykernel', for_notebooks)
    if photos: shutil.copytree(photos, w.folder/'photos')
    else: w.step('install', 'four photos', [python, '-c', PHOTOS], ['photos/*.png'])
    w.step('README', 'dreambooth demo', f'dreambooth demo {"--quick" if quick else ""}',
           ['dreambooth-demo/before_after.png', 'dreambooth-demo/metrics.json'])
    train = f'dreambooth train {NEEDED} {FEW}'
    w.step('README', 'dreambooth train, few steps', train, ['sks-dog/model_index.json'])
    w.step('README', 'the same again: it is finished', train, says='finished already')
    w.step('README', 'dreambooth sample', f'dreambooth sample sks-dog {PROMPT} --num_images 1',
           ['samples/*-seed-0.png'])
    w.step('Python', 'the six lines', [python, '-c', LINES.replace('SMALL', f'dict(**{SMALL})')],
           ['python/model_index.json', 'my-dog.safetensors'])
    on_line(w)
    wrong(w)
    old(w, python)
    notebook = ROOT/'nbs'/('core.ipynb' if quick else 'tutorials/real_photos.ipynb')
    opened = [sys.executable, str(ROOT/'tests/colab_like.py'), '--venv', str(w.venv), '--photos', 'photos']
    w.step('Colab', f'{notebook.name}, badge to end', [*opened, str(notebook)], says='\nok')


def on_line(w):
    lora = f'{NEEDED} {FEW} --train lora --output_dir lora'
    w.step('command line', 'dreambooth --help', 'dreambooth --help', says='dreambooth demo')
    w.step('command line', 'priors', 'dreambooth priors --class_prompt "a photo of a dog" '
           '--class_data_dir drawn --num_class_images 2', ['drawn/00001.png'])
    w.step('command line', 'check', f'dreambooth check photos --instance_prompt {PROMPT}', says='photos')
    w.step('command line', 'forecast', f'dreambooth forecast {NEEDED} --train lora', says='MB')
    w.step('command line', 'train a LoRA, few steps', f'dreambooth train {lora}',
           ['lora/pytorch_lora_weights.safetensors'])
    w.step('command line', 'sample', f'dreambooth sample lora {PROMPT} --num_images 2',
           ['samples/*-seed-1.png'])
    w.step('command line', 'evaluate',
           'dreambooth evaluate lora --num_images 1 --num_inference_steps 2 --output scores.json',
           ['scores.json'])
    w.step('command line', 'export for other programs',
           'dreambooth export lora dog.safetensors --format kohya', ['dog.safetensors'])


def wrong(w):
    for what, command, says in (
            ('a flag', f'dreambooth train {NEEDED} --lerning_rate 1', 'did you mean --learning_rate?'),
            ('a command', 'dreambooth tran', 'did you mean train?'),
            ('a folder', f'dreambooth check nowhere --instance_prompt {PROMPT}', 'nowhere: '),
            ('a base', f'dreambooth train {NEEDED} --pretrained_model_name_or_path mirco', 'mean micro?'),
            ('a number', f'dreambooth train {NEEDED} --rank two', "rank: 'two' is of the wrong type"),
            ('a value', f'dreambooth train {NEEDED} --optimizer adanw', 'did you mean adamw?'),
            ('a preset', f'dreambooth train {NEEDED} --config papre', 'did you mean paper?')):
        w.step('wrong input', what, command, code=2, says=says)


def old(w, python):
    make = "from dreambooth_nb.craft.tiny import tiny_base; tiny_base('tiny'); tiny_base('tiny-xl', 'sdxl')"
    w.step('old command', 'two tiny bases', [python, '-c', make], ['tiny/model_index.json'])
    how = (f'{NEEDED} --resolution=64 --train_batch_size=1 --gradient_accumulation_steps=1 '
           '--learning_rate=1e-4 --lr_scheduler="constant" --lr_warmup_steps=0 --max_train_steps=4')
    prior = ('--with_prior_preservation --prior_loss_weight=1.0 --class_data_dir=class --num_class_images=4 '
             '--class_prompt="a photo of a dog" --checkpointing_steps=2')
    lora, whole = ['pytorch_lora_weights.safetensors'], [*LAYOUT.split(), 'checkpoint-2', 'checkpoint-4']
    for script, base, more, out, leaves in (
            ('train_dreambooth', 'tiny', prior, 'tiny', whole),
            ('train_dreambooth_lora', 'tiny', '', 'tiny-lora', lora),
            ('train_dreambooth_lora_sdxl', 'tiny-xl', '', 'tiny-xl-lora', lora)):
        w.step('old command', script, f'accelerate launch -m dreambooth_nb.{script} '
               f'--pretrained_model_name_or_path={base} --output_dir=old/{out} {how} {more}',
               [f'old/{out}/{name}' for name in leaves])
    w.step('old command', 'diffusers reads all three', [python, '-c', READS])


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('wheel', type=Path)
    p.add_argument('folder', type=Path)
    p.add_argument('--photos', type=Path, help='folder of photos of a dog')
    p.add_argument('--quick', action='store_true')
    args = p.parse_args()
    w = Walk(args.folder.resolve())
    walk(w, args.wheel.resolve(), args.photos and args.photos.resolve(), args.quick)
    print(w.table())
    sys.exit(not all(row[3] for row in w.rows))


if __name__ == '__main__': main()
