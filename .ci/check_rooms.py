#!/usr/bin/env python
"""Is the house in order? Modules import only from rooms above (.ci/rooms.txt), and nothing private; none
exports over 600 lines, a chapter of the method no more than one sitting's 450; no cell has over 40, and no
line a statement after another: only a short one after its `if`. Two or three things that a function returns
have names, unless they are of one kind. And all figures have one style.

    python .ci/check_rooms.py
"""
import ast, re, sys
from pathlib import Path

import nbformat

ROOM, CHAPTER, CELL = 600, 450, 40
CHAPTERS = '00_data', '01_priors', '02_model', '03_losses', '04_train', '05_cfg_sampler'
root = Path(__file__).parent.parent
package, problems = root/'dreambooth_nb', []
order = [line.split()[0] for line in (root/'.ci/rooms.txt').read_text(encoding='utf-8').splitlines()
         if line.strip() and not line.startswith('#')]


def imported(path):
    "The modules of the package that a module imports from, anywhere in it."
    here = path.relative_to(package).with_suffix('').parts
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.ImportFrom) and node.level:
            above = here[:len(here) - node.level]
            yield '.'.join([*above, *(node.module or '').split('.')])
        elif isinstance(node, ast.ImportFrom) and (node.module or '').startswith('dreambooth_nb.'):
            yield node.module.removeprefix('dreambooth_nb.')
        elif isinstance(node, ast.Import):
            yield from (
                o.name.removeprefix('dreambooth_nb.')
                for o in node.names
                if o.name.startswith('dreambooth_nb.')
            )


def private(path):
    "The names with a leading underscore that a module imports from another one of the package."
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if not isinstance(node, ast.ImportFrom): continue
        if not (node.level or 'dreambooth_nb' in node.module): continue
        yield from (f'{node.module}.{o.name}' for o in node.names if o.name.startswith('_'))


def defined(path):
    "The functions and classes that stand at the top of a module; a patched method stands with its class."
    for node in ast.parse(path.read_text(encoding='utf-8')).body:
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef)): continue
        if any('patch' in ast.unparse(o) for o in node.decorator_list):
            yield f'{ast.unparse(node.args.args[0].annotation)}.{node.name}'
        else: yield node.name


def mixed(path):
    "The functions that return two or three things and do not say of what one kind: `tuple[int, int]`."
    owner = {}
    for f in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(f, ast.FunctionDef): # the innermost comes last
            owner |= {node: f for node in ast.walk(f) if isinstance(node, (ast.Return, ast.Yield))}
    for node, f in owner.items():
        values = [node.value.body, node.value.orelse] if isinstance(node.value, ast.IfExp) else [node.value]
        if not any(isinstance(v, ast.Tuple) and len(v.elts) in (2, 3) for v in values): continue
        said = ast.unparse(f.returns) if f.returns else ''
        if not re.fullmatch(r'tuple\[(\w+)(, (\1|\.\.\.))+\]', said): yield f.name


def crowded(source):
    "The lines of a cell with a statement after the colon of another one, but for those of an `if`."
    code = [re.sub(r'^(\s*)[%!].*', r'\1pass', line) for line in source.split('\n')]
    for node in ast.walk(ast.parse('\n'.join(code))):
        for part in ('body', 'orelse', 'finalbody') if not isinstance(node, ast.If) else ():
            inside = getattr(node, part, None)
            if not isinstance(inside, list) or isinstance(node, ast.Module): continue
            first = inside[0].lineno - 1 if inside else 0
            if inside and code[first].encode()[:inside[0].col_offset].strip(): yield code[first].strip()


def exported(source):
    return any(line.replace(' ', '').startswith('#|export') for line in source.split('\n'))


modules = {'.'.join(p.relative_to(package).with_suffix('').parts): p for p in sorted(package.rglob('*.py'))
           if not p.name.startswith('_')}
problems += [f'{name}: is not in .ci/rooms.txt' for name in modules if name not in order]
problems += [f'.ci/rooms.txt: {name} is no module' for name in order if name not in modules]
problems += [f'.ci/rooms.txt: {name} stands there twice' for name in order if order.count(name) > 1]
for name in (o for o in order if o in modules):
    for other in imported(modules[name]):
        if other in order and order.index(other) >= order.index(name):
            problems.append(f'{name}: imports from {other}, which comes later')
    problems += [f'{name}: imports {other}, which is private there' for other in private(modules[name])]
    problems += [f'{name}: {f} returns several things without their names; give it a NamedTuple, or its '
                 'kind as tuple[int, int]' for f in dict.fromkeys(mixed(modules[name]))]
owner = {}
for name in (o for o in order if o in modules):
    mine = list(defined(modules[name]))
    twice = {what for what in mine if mine.count(what) > 1}
    twice |= {what for what in mine if what in owner and not what.split('.')[-1].startswith('_')}
    problems += [f'{name}: {what} stands in {owner.get(what, name)} already' for what in sorted(twice)]
    owner |= {what: owner.get(what, name) for what in mine}
for path in sorted((root/'nbs').rglob('*.ipynb')):
    if '.ipynb_checkpoints' in path.parts: continue
    cells = [c.source for c in nbformat.read(path, 4).cells if c.cell_type == 'code']
    lines = sum(len(source.split('\n')) for source in cells if exported(source))
    most = CHAPTER if path.stem in CHAPTERS else ROOM
    if lines > most: problems.append(f'{path.relative_to(root)}: exports {lines} lines, over {most}')
    for source in cells:
        problems += [f'{path.relative_to(root)}: two statements in a line: {line[:60]}'
                     for line in crowded(source)]
        if (n := len(source.split('\n'))) > CELL:
            first = next(line for line in source.split('\n') if line.strip() and not line.startswith('#|'))
            problems.append(f'{path.relative_to(root)}: a cell of {n} lines, over {CELL}: {first[:60]}')
folders = {p.parent for p in (root/'nbs').rglob('*.ipynb') if '.ipynb_checkpoints' not in p.parts}
style = (root/'nbs'/'matplotlibrc').read_bytes()
for folder in sorted(folders):
    own = folder/'matplotlibrc'
    if not own.is_file() or own.read_bytes() != style:
        problems.append(f'{own.relative_to(root)}: is not what nbs/matplotlibrc is, the style of all figures')
print('\n'.join(problems) or f'{len(order)} rooms in order')
sys.exit(bool(problems))
