"""Every name at the package's top level and every command, called wrongly: each time one line, at once.

    python tests/wrong_input.py

No list of calls stands here. They are made from the signatures, so that a new argument or flag is asked as
the others are: too many of them, too few, a misspelt one, and in each place what is nothing of its type.
Notebook craft/names runs this file; the exit code is 0 only when each answer was a `UserError` of one line.
"""
import inspect, io, os, sys, tempfile, time
from contextlib import nullcontext, redirect_stderr
from pathlib import Path
from unittest import mock

from PIL import Image

ALONE = dict(check=['photos'], sample=['micro', 'a dog'], evaluate=['run'], sweep=['runs.yaml'],
             benchmark=['folder'], export=['micro', 'out'], push=['folder', 'me/dog'], studio=['run'])


class Odd:
    "Of a type that nothing takes."


def sample_of(hint):
    "Something of a type, to stand in the places that are not asked."
    from dreambooth_nb.core import of_type
    simple = next((v for v in ('x', 1, [], {}) if of_type(v, hint)), None)
    return simple if simple is not None else hint.__new__(hint)


def a_result():
    "A run that has not happened."
    from dreambooth_nb import Result, TrainConfig
    cfg = TrainConfig('photos', 'a dog', 'run', with_prior_preservation=False)
    needed = [p for p in inspect.signature(Result).parameters.values() if p.default is p.empty]
    return Result(**{p.name: sample_of(p.annotation) for p in needed} | dict(settings=cfg))


def wrong_calls(f):
    "What is wrong, positional arguments, named ones, how the line begins."
    from dreambooth_nb.core import of_type
    found = inspect.signature(f).parameters
    named = {k: p for k, p in found.items() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    first, named = [a_result()]*('self' in named), {k: p for k, p in named.items() if k != 'self'}
    needed = {k: sample_of(p.annotation) for k, p in named.items() if p.default is p.empty}
    yield 'too many', [*first, *[Odd()]*(len(named) + 1)], {}, ''
    nearly = {name[:-1] for name in named} - {*named}
    for name in ('zzyzx', *nearly):
        yield f'misspelt: {name}', first, needed | {name: 1}, f'{name}: '
    if needed: yield 'too few', first, {}, ''
    for name, p in named.items():
        assert p.annotation is not p.empty, f'{f}: {name} has no type'
        if of_type(-1, p.annotation) and not of_type(-.5, p.annotation) and 'seed' not in name:
            yield f'{name}=-1', first, needed | {name: -1}, ''
        for value in (Odd(), [Odd()], 5, 1.5, 'x', True, None):
            if of_type(value, p.annotation): continue
            if value is None and p.default is None: continue
            yield f'{name}={value!r}', first, needed | {name: value}, f'{name}: '


def python():
    "How many wrong calls from Python were answered, and which were not."
    import dreambooth_nb
    from dreambooth_nb import Result, UserError
    methods = {name: f for name, f in vars(Result).items() if inspect.isfunction(f) and name[0] != '_'}
    asked, bad = 0, []
    named = [(name, getattr(dreambooth_nb, name)) for name in dreambooth_nb.__all__]
    for name, f in [*named, *methods.items()]:
        if f is UserError: continue
        for what, args, given, begins in wrong_calls(f):
            asked += 1
            try:
                f(*args, **given)
            except UserError as e:
                if '\n' in str(e) or not str(e).startswith(begins): bad.append((name, what, str(e)))
            except Exception as e:
                bad.append((name, what, repr(e)))
            else:
                bad.append((name, what, 'was taken'))
    return asked, bad


def wrong_lines(command):
    "Words of a command line; what the answer names."
    from dreambooth_nb.craft.settings import TrainConfig
    from dreambooth_nb.craft.commands import LEAST, flags, options, switches
    alone, settings = ALONE.get(command, []), {*TrainConfig.__dataclass_fields__}
    yield [*alone, 'x', 'y', 'z'], 'this word belongs to no flag'
    yield [*alone, '--zzyzx'], f'--zzyzx: `dreambooth {command}` has no such flag'
    yield [*alone, '-z'], 'this word belongs to no flag'
    if alone and command != 'check': yield alone[1:], ' needed; '
    for name in options(command):
        hint = str(flags(command)[name][0].annotation)
        yield [*alone, f'--{name[:-1]}zq'], f'--{name[:-1]}zq: '
        if name in switches(command):
            yield [*alone, f'--{name}=maybe'], f'{name}: '
            yield [*alone, f'--{name}', 'maybe'], f"{name}: 'maybe' is of the wrong type; give true or false"
        else: yield [*alone, f'--{name}'], f'{name}: has no value'
        if 'int' in hint or 'float' in hint: yield [*alone, f'--{name}', 'many'], f'{name}: '
        if 'int' in hint and 'float' not in hint: yield [*alone, f'--{name}', '1.5'], f'{name}: '
        if 'int' in hint and name not in settings:
            yield [*alone, f'--{name}', str(LEAST[name] - 1)], f'{name}: '


def without_command():
    "Words that begin with no command; what the answer names."
    from dreambooth_nb.craft.commands import COMMANDS
    nearly = {'--verson': '--version', '-v': '--version', 'version': '--version', '--hlep': '--help'}
    nearly |= {f'--{name}': name for name in COMMANDS} | {f'{name}x': name for name in COMMANDS}
    for word, meant in nearly.items():
        yield [word], f'{word}: ', f'did you mean {meant}?'
    for word in '--zzyzx', '-z', 'zzyzx', '':
        yield [word], f'{word}: ' if word else '"": ', '; '
    for name in COMMANDS:
        yield ['--seed=3', name], '--seed=3: stands before', f'`dreambooth {name}`'
    yield ['--help', 'trainx'], 'trainx: ', 'did you mean train?'
    yield ['--version', 'zzyzx'], 'zzyzx: ', 'no flag'


OF_ALL = 'settings: {instance_data_dir: one, instance_prompt: a sks dog, num_held_out: 1}'
SWEEPS = { # the lines of a file -> what the answer names
    '': 'grid: is empty', 'gird: {}': 'did you mean grid?', 'grid: [1]': 'give names and lists',
    'grid: {seed: [': 'not valid YAML: line 1', 'grid: {seed: 1}': 'give a list',
    'score: 5': 'give the name of', 'settings: {config: papre}': 'did you mean paper?',
    'settings: {1: 2}\nruns: [{}]': '1: there is no such',
    'grid: {seed: [1]}': 'instance_prompt: ', f'{OF_ALL}\ngrid: {{sed: [1]}}': 'did you mean seed?',
    f'{OF_ALL}\ngrid: {{rank: [many]}}': 'rank=many: rank: ', f'{OF_ALL}\nruns: [{{}}]': '1 of 1 images',
    f'{OF_ALL}\nruns: [x]'.replace(': 1', ': 0'): "'x' is no list of settings",
    f'{OF_ALL}\nruns: [{{}}]'.replace(': 1', ': 0'): 'val_score would not be measured',
    f'{OF_ALL}\nruns: [{{}}]\noutput_dir: run': 'run holds something else'}


def wrong_places():
    "Words of a command line whose paths and names alone are wrong; what the answer names."
    needed = ['--instance_prompt', 'a photo of a sks dog']
    of_list, several = ['--concepts_list', 'list.json'], 'list.json: concept 1: instance_prompt is missing'
    yield ['export', 'run', 'photos'], 'photos: is already there'
    yield ['export', 'run', 'note.txt'], 'note.txt: is already there'
    yield ['export', 'run', 'note.txt/new'], 'note.txt is a file'
    yield ['export', 'run', 'new', '--format', 'kohya'], 'must end in .safetensors'
    yield ['export', 'run', 'new.safetensors'], 'must be a folder'
    yield ['export', 'run', 'run', '--overwrite'], 'holds the model that is exported'
    yield ['export', 'run', 'new', '--picture', 'note.txt'], 'note.txt: is not an image'
    yield ['export', 'run', 'new', '--lora_base', 'mikro'], "lora_base: there is no model 'mikro'"
    for command in 'train', 'check', 'forecast', 'priors':
        yield [command, *of_list, '--output_dir', 'new'], several
    yield ['check', 'settings.yaml'], 'settings.yaml: holds settings, no list of concepts; give it by'
    yield ['train', 'settings.yaml'], 'write --config settings.yaml'
    yield ['train', *needed, '--instance_data_dir', 'photos'], 'photos: holds no images'
    yield ['train', *needed, '--instance_data_dir', 'note.txt'], 'note.txt: is a file'
    yield ['evaluate', 'micro'], 'run: micro is no run'
    yield ['evaluate', 'run', '--encoders', 'DINOS'], 'did you mean DINO?'
    yield ['push', 'run', 'dog'], "repo_id: 'dog' must be owner/name"
    yield ['push', 'photos', 'me/dog'], 'photos: holds no model'
    yield ['sample', 'micro', 'a dog', '--image', 'note.txt'], 'note.txt: is not an image'
    yield ['sample', 'micro', 'a dog', '--lora_base', 'mikro'], "lora_base: there is no model 'mikro'"
    yield ['sample', 'micro', 'a dog', '--num_images', '1000000'], 'num_images: 1000000 is impossible'
    yield ['studio', 'run', '--lora_base', 'mikro'], "lora_base: there is no model 'mikro'"
    yield ['demo', '--output_dir', 'run'], 'run already holds something else'
    yield ['demo', '--base', 'mikro'], 'did you mean micro?'
    yield ['sample', 'micro', 'a dog', '--output_dir', ' '], "output_dir: ' ' is no path"
    yield ['sample', 'micro', 'a dog', '--image', ''], 'image: is empty'
    for name in 'empty.txt', 'notes.txt':
        yield ['sample', 'micro', f'@{name}'], f'prompt: {name} holds none'
    yield ['sample', 'micro', '@places.txt'], 'subject: places.txt has {} to put it in'
    train = ['train', *needed, '--instance_data_dir', 'one', '--output_dir', 'new']
    for flags, part in {
            '--rank 4': 'add lora to train', '--original_config x': 'give a base in a single file',
            '--resume_from_checkpoint run': 'run is no checkpoint; give "latest"',
            '--num_held_out 1': '1 of 1 images are too many', '--num_class_images 9999999999': 'must be 1 to',
            '--keep_tokens 99999999999999999999': 'no computer counts so far',
            '--min_timestep 900 --max_timestep 100': 'min_timestep: 900 is not less than 100',
            '--timestep_bias_strategy earlier --min_timestep 500': 'none of those is drawn',
            '--timestep_bias_portion 2': 'must be a share', '--mode_scale 9': 'must be -1 to 1.752'}.items():
        yield [*train, *flags.split()], part
    for k, part in enumerate(SWEEPS.values()):
        yield ['sweep', f'sweep{k}.yaml'], part
    yield ['sweep', 'right.yaml', '--output_dir', 'run'], 'output_dir: run holds something else, config.yaml'
    yield ['benchmark', 'run'], 'run: holds something other than the DreamBooth dataset'
    yield ['benchmark', 'note.txt'], 'note.txt is a file; give a folder'
    yield ['benchmark', 'bench', '--subjects', 'dog, dogg'], 'did you mean dog?'
    yield ['benchmark', 'bench', '--class_prompt', 'a dog'], 'class_prompt: comes with the dataset'
    yield ['benchmark', 'bench', '--output_dir', 'run'], 'output_dir: run holds something else'
    yield ['benchmark', 'new', '--rank', '4'], 'add lora to train'


def nearly():
    "Words with a name that is nearly that of a run, which might be on the hub; what the answer names."
    meant = 'did you mean runs/dog?'
    for words in (['sample', 'runs/dgo', 'a dog'], ['evaluate', 'runs/dgo'], ['studio', 'runs/dgo'],
                  ['export', 'runs/dgo', 'new'], ['push', 'runs/dgo', 'me/dog'], ['evaluate', 'rnus/dog'],
                  ['evaluate', 'run', '--against', 'runs/dgo'], ['studio', 'run', '--lora_base', 'runs/dgo'],
                  ['sample', 'lora', 'a dog', '--lora_base', 'runs/dgo'], ['check', 'runs/dgo'],
                  ['export', 'lora', 'new', '--lora_base', 'runs/dgo']):
        yield words, meant
    for words in settings_of_each():
        for name in 'pretrained_model_name_or_path', 'lora_base', 'pretrained_vae_model_name_or_path':
            yield [*words, f'--{name}', 'runs/dgo'], meant
        yield [*words, '--resume_from_checkpoint', 'runs/dgo/checkpoint-3'], 'runs/dog/checkpoint-3?'
    yield ['sample', 'runs', 'a dog'], 'give the folder of one, such as runs/dog.'
    yield ['train', '--instance_prompt', 'a sks dog', '--dataset_name', 'one/set'], 'there is no dataset'
    lost = 'phtos: there is no such folder; did you mean photos?'
    yield ['check', 'phtos'], lost
    yield ['train', '--config', 'gone.yaml'], f'gone.yaml: instance_data_dir: {lost}'


def settings_of_each():
    "The commands that take settings, as they are complete."
    for command in 'train', 'check', 'forecast', 'priors':
        yield [command, '--instance_prompt', 'a sks dog', '--instance_data_dir', 'one', '--output_dir', 'new']
    yield ['benchmark', 'bench']


def idle():
    "Words with an option that means nothing for the base; what the answer names."
    given = dict(revision='give a base on the hub', variant='give a base that has it',
                 lora_base='give a LoRA')
    for words in ['sample', 'NAME', 'a dog'], ['export', 'NAME', 'new']:
        config = {('config' if words[0] == 'export' else 'original_config'): 'give a base in a single file'}
        for name in 'micro', 'whole', 'lora':
            whole = 'the base of lora is' if name == 'lora' else 'model_dir is'
            for option, way in (given | config).items():
                if name == 'lora' and option == 'lora_base': continue
                base = 'micro' if name == 'lora' else name
                line = f"{option}: 'micro' has no effect while {whole} {base!r}; {way}"
                yield [name if w == 'NAME' else w for w in words] + [f'--{option}', 'micro'], line
    for words in settings_of_each():
        for base in 'micro', 'whole':
            for option, way in (given | dict(original_config='give a base in a single file')).items():
                yield [*words, '--pretrained_model_name_or_path', base, f'--{option}', 'micro'], (
                    f"{option}: 'micro' has no effect while pretrained_model_name_or_path is {base!r}; {way}")
    for command in 'evaluate', 'studio':
        yield [command, 'whole', '--lora_base', 'micro'], "has no effect while run is 'whole'"
    yield ['sample', 'cut.safetensors', 'a dog'], 'cut.safetensors: this is no safetensors file'


def no_numbers():
    "Words with a number that is none, or that no run could use; what the answer names."
    for words in ['sample', 'micro', 'a dog'], ['benchmark', 'bench']:
        for text, number in {'1e400': 'inf', '-1e400': '-inf'}.items():
            yield [*words, '--guidance_scale', text], f'guidance_scale: {number} is impossible'
        yield [*words, '--num_inference_steps', '1001'], 'it must be at most 1000'
    yield ['evaluate', 'run', '--num_inference_steps', '9'*20], 'it must be at most 1000'
    for words in settings_of_each():
        yield [*words, '--learning_rate', '-1e-3'], 'learning_rate: -0.001 is impossible'


def packages():
    "Words that ask for a package which is not here; what the answer names."
    from dreambooth_nb.craft.packages import PACKAGES
    for words in settings_of_each():
        if words[0] not in ('train', 'check'): continue
        for value, package in PACKAGES['optimizer'].packages.items():
            part = f'pip install {package}, or choose adamw'
            yield [*words, '--optimizer', value, '--learning_rate', '1'], part
        for value, package in PACKAGES['quantization'].packages.items():
            part = f'pip install {package}, or leave it out'
            yield [*words, '--train', 'lora', '--quantization', value], part
        for value, package in PACKAGES['report_to'].packages.items():
            part = f'report_to: {value} is not installed; pip install {package}'
            yield [*words, '--report_to', value], part
    of_set = ['--instance_prompt', 'a sks dog', '--dataset_name', 'me/set']
    yield ['train', *of_set], 'pip install datasets'


def old_names():
    "Words of an old command whose names alone are wrong; what the answer names."
    needed = ['--instance_prompt', 'a sks dog', '--instance_data_dir', 'one', '--output_dir', 'new']
    base = ['--pretrained_model_name_or_path', 'micro']
    yield [*needed, *base, '--tokenizer_name', 'nope'], "tokenizer_name: there is no tokenizer 'nope'"
    yield [*needed, *base, '--tokenizer_name', 'one'], "tokenizer_name: 'one' is no tokenizer"
    yield [*needed, *base, '--tokenizer_name', 'runs/dgo'], 'did you mean runs/dog?'
    yield [*needed, '--pretrained_model_name_or_path', 'runs/dgo'], 'did you mean runs/dog?'
    yield [*needed, *base, '--logging_dir', os.path.abspath('note.txt')], 'note.txt is a file; give a folder'
    pictures = ['--validation_prompt', 'a dog', '--validation_images', 'nope.png']
    yield [*needed, *base, *pictures], 'nope.png: there is no such picture'
    yield [*needed, *base, '--learning_rate', '-1e-3'], 'learning_rate: -0.001 is impossible'
    yield [*needed, *base, '--report_to', 'wandb'], 'report_to: wandb is not installed'
    yield [*needed, *base, '--use_8bit_adam'], 'use_8bit_adam: needs the package bitsandbytes'


def places():
    "The same of paths and names, which a command looks at before it loads a library of the networks."
    from dreambooth_nb.craft.commands import main
    from dreambooth_nb.craft.old_commands import run_old_command
    def old(words):
        return run_old_command('train_dreambooth', words)
    kinds = wrong_places, nearly, idle, no_numbers, packages
    asked = [(main, *row) for rows in kinds for row in rows()]
    asked, bad = [*asked, *((old, *row) for row in old_names())], []
    for program, words, part in asked:
        bare = mock.patch('importlib.util.find_spec', lambda name: None) # no package is installed
        with redirect_stderr(io.StringIO()) as heard, bare if 'install' in part else nullcontext():
            code = program(words)
        lines = heard.getvalue().splitlines()
        if code != 2 or len(lines) != 1 or part not in lines[0]: bad.append((words, code, lines))
        if 'torch' in sys.modules: return len(asked), [*bad, (words, 'torch is loaded')]
    return len(asked), bad


def names():
    "A misspelt run from Python: the one that was meant, within a second."
    from dreambooth_nb import (
        Studio, UserError, dreambooth, evaluate, export_model, forecast, load, open_model, sample)
    asked, bad = dict(
        load=lambda name: load(name), open_model=lambda name: open_model(name),
        sample=lambda name: sample(name, 'a dog'), evaluate=lambda name: evaluate(name),
        export_model=lambda name: export_model(name, 'new'), Studio=lambda name: Studio(name),
        forecast=lambda name: forecast(name),
        dreambooth=lambda name: dreambooth('one', 'a sks dog', name, output_dir='new', progress=False)), []
    for name, f in asked.items():
        began = time.monotonic()
        try:
            f('runs/dgo')
        except UserError as e:
            line, took = str(e), time.monotonic() - began
            if '\n' in line or 'did you mean runs/dog?' not in line or took > 1:
                bad.append((name, line, took))
        else:
            bad.append((name, 'was taken'))
    return len(asked), bad


def commands():
    "The same of command lines. None of them loads a library of the networks."
    from dreambooth_nb.core import UserError
    from dreambooth_nb.craft.commands import COMMANDS, read_command
    asked = [([command, *words], part) for command in COMMANDS for words, *part in wrong_lines(command)]
    asked, bad = [*asked, *((words, part) for words, *part in without_command())], []
    for words, parts in asked:
        try:
            found = read_command(words)
        except UserError as e:
            if '\n' in str(e) or not all(part in str(e) for part in parts): bad.append((words, str(e)))
        except Exception as e:
            bad.append((words, repr(e)))
        else:
            bad.append((words, f'was taken: {found}'))
    return len(asked), bad + [(name, 'is loaded') for name in ('torch', 'diffusers') if name in sys.modules]


def main():
    os.chdir(tempfile.mkdtemp())
    for folder in ('photos', 'run', 'one', 'bench/dog', 'runs/dog/checkpoint-3', 'whole/unet', 'lora'):
        Path(folder).mkdir(parents=True)
    for name, text in {'note.txt': 'a dog', 'settings.yaml': 'seed: 1', 'run/config.yaml': 'seed: 1',
                       'run/model.safetensors': '', 'runs/dog/config.yaml': 'seed: 1', 'cut.safetensors': '',
                       'whole/model_index.json': '{}', 'lora/config.yaml': 'seed: 1',
                       'whole/config.yaml': 'seed: 1', 'lora/adapter_model.bin': '',
                       'lora/adapter_config.json': '{"base_model_name_or_path": "micro"}',
                       'gone.yaml': 'instance_data_dir: phtos\ninstance_prompt: a sks dog',
                       'empty.txt': '\n', 'notes.txt': '# a {}', 'places.txt': 'a {}', 'right.yaml': OF_ALL,
                       **{f'sweep{k}.yaml': lines for k, lines in enumerate(SWEEPS)},
                       'bench/prompts_and_classes.txt': "dog,dog\nObject Prompts\nLive Subject Prompts\n"
                                                        "'a {0} {1} at sea'.format",
                       'list.json': '[{"instance_data_dir": "photos"}]'}.items():
        Path(name).write_text(text, encoding='utf-8')
    Image.new('RGB', (64, 64)).save('one/1.png')
    found = {'command lines': commands(), 'names and places': places(),
             'calls from Python': python(), 'names from Python': names()} # in this order: see what is loaded
    for name, (asked, bad) in found.items():
        print(f'{name}: {asked} wrong ones, {asked - len(bad)} answered in one line')
        for row in bad:
            print(*row, sep=' | ')
    sys.exit(any(bad for _, bad in found.values()))


if __name__ == '__main__': main()
