#!/usr/bin/env python
"""Make dreambooth_nb/**/*.pyi: the package as an editor and a type checker should see it.

    python .ci/make_stubs.py            write them
    python .ci/make_stubs.py --check    compare only: name the files that differ, exit code 1 when one does

A class grows over the cells of a book: `@patch` adds a method where its chapter needs it, also from another
room. Checkers do not follow that. Here each method stands in its class, and each attribute that a method sets
is declared; annotations and simple defaults are those of the source, bodies are left out.
"""
import ast, builtins, re, sys
from pathlib import Path

root = Path(__file__).resolve().parent.parent
package = root/'dreambooth_nb'
KEPT = {'dataclass', 'property', 'cached_property', 'classmethod', 'staticmethod', 'contextmanager'}
HEAD = '# Made by .ci/make_stubs.py: change the notebook.\n'
ANY = ast.Name('Any')


def named(node):
    "What a decorator or a base is called, without its module and arguments."
    if isinstance(node, ast.Call): node = node.func
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, 'id', '')


def keywords(node):
    return {k.arg for k in getattr(node, 'keywords', ())}


class Room:
    "A module: its imports, its definitions, and the methods that it adds to classes."

    def __init__(self, path):
        self.path = path
        self.name = '.'.join(path.relative_to(root).with_suffix('').parts)
        self.imports, self.classes, self.others, self.patches = [], {}, [], []
        tree = ast.parse(path.read_text(encoding='utf-8'))
        self.anywhere = [o for o in ast.walk(tree) if isinstance(o, (ast.Import, ast.ImportFrom))]
        for node in tree.body:
            patch = next((d for d in getattr(node, 'decorator_list', ()) if named(d) == 'patch'), None)
            if isinstance(node, (ast.Import, ast.ImportFrom)): self.imports.append(node)
            elif isinstance(node, ast.ClassDef): self.classes[node.name] = node
            elif patch is not None: self.patches.append((patch, node))
            elif isinstance(node, (ast.FunctionDef, ast.Assign, ast.AnnAssign)): self.others.append(node)

    def origin(self, name, home):
        "The import statement by which a stub gets a name that an annotation of this module has."
        for node in self.anywhere:  # within functions too: what is heavy is imported where it is used
            for alias in node.names:
                whole = isinstance(node, ast.Import) and alias.name.split('.')[0] == name
                if whole: return ast.Import([ast.alias(alias.name)])
                if (alias.asname or alias.name) != name: continue
                if isinstance(node, ast.Import): return ast.Import([alias])
                up = self.name.split('.')[:-node.level] if node.level else []
                return ast.ImportFrom('.'.join([*up, node.module]), [alias], 0)
        return ast.ImportFrom(home.get(name, self).name, [ast.alias(name)], 0)

    def names(self):
        "The names that stand in this module."
        found = {(a.asname or a.name).split('.')[0] for node in self.imports for a in node.names}
        found |= {*self.classes} | {o.name for o in self.others if isinstance(o, ast.FunctionDef)}
        targets = [t for o in self.others for t in getattr(o, 'targets', [getattr(o, 'target', None)]) if t]
        return found | {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}


def used(f):
    "The names in the annotations of a function, of what it takes and of what it returns."
    args = [*f.args.posonlyargs, *f.args.args, *f.args.kwonlyargs, f.args.vararg, f.args.kwarg]
    for o in [a.annotation for a in args if a] + [f.returns]:
        for n in ast.walk(o or ANY):
            text = isinstance(n, ast.Constant) and isinstance(n.value, str)
            yield from (m.id for m in ast.walk(ast.parse(n.value) if text else n) if isinstance(m, ast.Name))


def signature(f, first=None, extra=()):
    "A function without its body; `first` is its first parameter where that one is patched."
    a, kinds = f.args, {named(d) for d in f.decorator_list}
    if first: a.args[0] = ast.arg(first)
    simple = [d if isinstance(d, ast.Constant) else ast.Constant(...) for d in a.defaults]
    only = [d and (d if isinstance(d, ast.Constant) else ast.Constant(...)) for d in a.kw_defaults]
    args = ast.arguments(a.posonlyargs, a.args, a.vararg, a.kwonlyargs, only, a.kwarg, simple)
    returns = f.returns
    if 'contextmanager' in kinds: returns = ast.Subscript(ast.Name('Iterator'), returns or ANY)
    decorators = [ast.Name(o) for o in extra] + [d for d in f.decorator_list if named(d) in KEPT]
    return ast.FunctionDef(f.name, args, [ast.Expr(ast.Constant(...))], decorators, returns)


def attributes(methods):
    "Name -> annotation of what methods set on their first parameter."
    found = {}
    for f in methods:
        if not f.args.args: continue
        me, given = f.args.args[0].arg, {a.arg: a.annotation for a in f.args.args + f.args.kwonlyargs}
        for node in ast.walk(f):
            if isinstance(node, ast.AnnAssign): targets, annotation = [node.target], node.annotation
            elif isinstance(node, ast.Assign):
                targets, annotation = node.targets, given.get(getattr(node.value, 'id', None))
            else: continue
            for o in (o for t in targets for o in ast.walk(t) if isinstance(o, ast.Attribute)):
                if getattr(o.value, 'id', None) != me or not isinstance(o.ctx, ast.Store): continue
                new = o.attr not in found
                found[o.attr] = annotation if new and annotation is not None else ANY
    return found


def class_stub(node, patched):
    "A class with the methods that were added to it."
    own = [o for o in node.body if isinstance(o, ast.FunctionDef)]
    body, declared = [], set()
    for o in node.body:
        if isinstance(o, ast.AnnAssign):
            bare = named(o.value) == 'field' and not keywords(o.value) & {'default', 'default_factory'}
            default = ast.Constant(...) if o.value and not bare else None
            body.append(ast.AnnAssign(o.target, o.annotation, default, 1))
            declared.add(o.target.id)
        elif isinstance(o, ast.Assign):
            for name in (n for t in o.targets for n in ast.walk(t) if isinstance(n, ast.Name)):
                body.append(ast.AnnAssign(name, ast.Name('ClassVar[Any]'), None, 1))
                declared.add(name.id)
    taken = declared | {f.name for f in own} | {f.name for _, f in patched}
    no_field = 'dataclass' in map(named, node.decorator_list) and ast.Name('field(init=False)')
    for name, annotation in attributes(own + [f for _, f in patched]).items():
        if name not in taken: body.append(ast.AnnAssign(ast.Name(name), annotation, no_field or None, 1))
    body += [signature(f) for f in own]
    for patch, f in patched:
        kind = {'as_prop': 'property', 'cls_method': 'classmethod'}
        extra = [kind[k] for k in keywords(patch)]
        body.append(signature(f, 'cls' if 'classmethod' in extra else 'self', extra))
    decorators = [d for d in node.decorator_list if named(d) in KEPT]
    body = body or [ast.Expr(ast.Constant(...))]
    return ast.ClassDef(node.name, node.bases, node.keywords, body, decorators)


def in_full(f, home):
    "A function with the fields of the record that it `@delegates` to, as it has them at run time."
    for d in (d for d in f.decorator_list if named(d) == 'delegates'):
        but = [c.value for k in d.keywords for c in k.value.elts] + [a.arg for a in f.args.args]
        def fields(name):
            node = home[name].classes[name]
            yield from (o for base in node.bases for o in fields(named(base)))
            yield from (o for o in node.body if isinstance(o, ast.AnnAssign))
        new = [o for o in fields(named(d.args[0])) if o.target.id not in but]
        f.args.kwonlyargs += [ast.arg(o.target.id, o.annotation) for o in new]
        f.args.kw_defaults += [o.value for o in new]
        f.args.kwarg = None


def constant(node, seen):
    "A name of the module: records and types as they stand, of others that they are there; each once."
    if isinstance(node, ast.AnnAssign): return [ast.AnnAssign(node.target, node.annotation, None, 1)]
    names = [n for t in node.targets for n in ast.walk(t)
             if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    if not names: return []
    if named(node.value) == 'namedtuple': node.value.args[0] = ast.Constant(names[0].id)
    if names[0].id == '__all__' or named(node.value) == 'namedtuple': return [node]
    kind = type(node.value.value).__name__ if isinstance(node.value, ast.Constant) else 'Any'
    new = [n for n in names if n.id not in seen]
    seen |= {n.id for n in new}
    return [ast.AnnAssign(n, ast.Name(kind), None, 1) for n in new]


def make():
    "The stubs: {path: text}."
    rooms = [Room(p) for p in sorted(package.rglob('*.py')) if not p.name.startswith('_')]
    home = {name: room for room in rooms for name in room.classes}
    added = {name: [] for name in home}  # class -> what is patched into it, and by which room
    for room in rooms:
        for f in (o for o in room.others if isinstance(o, ast.FunctionDef)):
            in_full(f, home)
        for patch, f in room.patches:
            added[named(f.args.args[0].annotation)].append((room, patch, f))
    files = {}
    for room in rooms:
        known, more = room.names() | {*dir(builtins), 'Any'}, []
        mine = [(room, f) for o in [*room.classes.values(), *room.others] for f in ast.walk(o)
                if isinstance(f, ast.FunctionDef)]
        for other, f in mine + [(other, f) for name in room.classes for other, _, f in added[name]]:
            for name in used(f):
                if name and name not in known: more.append(other.origin(name, home))
                known.add(name)
        extra = ast.parse('from collections.abc import Iterator\nfrom dataclasses import field\n'
                          'from typing import Any, ClassVar').body
        body = [*extra, *room.imports, *more]
        seen = {'_', *room.classes} | {o.name for o in room.others if isinstance(o, ast.FunctionDef)}
        for o in room.others:
            body += [signature(o)] if isinstance(o, ast.FunctionDef) else constant(o, seen)
        body += [class_stub(o, [(p, f) for _, p, f in added[name]]) for name, o in room.classes.items()]
        text = ast.unparse(ast.fix_missing_locations(ast.Module(body, [])))
        text = re.sub(r':\n +\.\.\.$', ': ...', text, flags=re.M)
        files[room.path.with_suffix('.pyi')] = HEAD + re.sub(r'\n\n(?= *(@|def ))', '\n', text) + '\n'
    files[package/'__init__.pyi'] = HEAD + top_level()
    return files


def top_level():
    "What the package offers under its own name, as craft/names.py has it: name -> room."
    tree = ast.parse((package/'craft/names.py').read_text(encoding='utf-8'))
    table = next(o.value for o in tree.body if isinstance(o, ast.Assign) and o.targets[0].id == 'NAMES')
    lines = [f'from .{k.value.value} import {k.arg} as {k.arg}' for k in table.keywords]
    return '\n'.join([*lines, '__version__: str', f'__all__ = {[k.arg for k in table.keywords]!r}', ''])


def main():
    files = make()
    old = {p for p in package.rglob('*.pyi')}
    differ = [p for p, text in files.items() if p not in old or p.read_text(encoding='utf-8') != text]
    if '--check' in sys.argv[1:]:
        for p in sorted({*differ, *(old - {*files})}):
            print(f'{p.relative_to(root)} is not what the package says: run python .ci/make_stubs.py')
        sys.exit(bool(differ or old - {*files}))
    for p in old - {*files}:
        p.unlink()
    for p in differ:
        p.write_text(files[p], encoding='utf-8', newline='\n')


if __name__ == '__main__': main()
