#!/usr/bin/env python
"""Keep the two tested sets of versions, constraints/lowest.txt and newest.txt, in step with settings.ini.

    python .ci/constraints.py                     check both; a line for each difference
    python .ci/constraints.py --lowest            write lowest.txt: the lower bound of each requirement
    VENV/bin/python .ci/constraints.py --newest   write newest.txt: what is installed in this environment

`pip install -c constraints/newest.txt .` gives the versions with which everything was green last.
"""
import argparse, sys
from configparser import ConfigParser
from importlib.metadata import distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

root = Path(__file__).resolve().parent.parent
lowest, newest = root/'constraints'/'lowest.txt', root/'constraints'/'newest.txt'
HEADS = {lowest: '# The lower bounds of settings.ini. Made by .ci/constraints.py --lowest.\n',
         newest: '# The versions of the last green .ci/run. Made by .ci/constraints.py --newest.\n'}


def requirements(field):
    "The requirements of a field of settings.ini, by canonical name."
    config = ConfigParser(delimiters=['='])
    config.read(root/'settings.ini', encoding='utf-8')
    return {canonicalize_name(r.name): r for r in map(Requirement, config['DEFAULT'][field].split())}


def lower_bounds():
    "Canonical name -> version."
    bounds = {}
    for name, r in requirements('requirements').items():
        low = [s.version for s in r.specifier if s.operator in ('>=', '==')]
        if len(low) != 1: sys.exit(f'settings.ini: {r} needs one lower bound')
        bounds[name] = low[0]
    return bounds


def pins(path):
    "Canonical name -> version, of a file of `name==version` lines."
    lines = [line.split('#')[0].strip() for line in path.read_text(encoding='utf-8').splitlines()]
    pairs = [line.partition('==') for line in lines if line]
    return {canonicalize_name(name): version for name, _, version in pairs}


def installed():
    "Canonical name -> version, without local parts such as +cpu, and without this package."
    found = {canonicalize_name(d.name): d.version.split('+')[0] for d in distributions()}
    for name in ('dreambooth-nb', 'pip', 'setuptools', 'wheel'):
        found.pop(name, None)
    return found


def write(path, versions):
    path.parent.mkdir(exist_ok=True)
    lines = [f'{name}=={version}\n' for name, version in sorted(versions.items())]
    path.write_text(HEADS[path] + ''.join(lines), encoding='utf-8')


def problems():
    "What does not fit, a line each."
    low, new = pins(lowest), pins(newest)
    for name, version in lower_bounds().items():
        if low.get(name) != version:
            yield f'lowest.txt: {name} is {low.get(name)}, settings.ini begins at {version}'
    for name in low.keys() - lower_bounds().keys():
        yield f'lowest.txt: {name} is no requirement'
    for name, r in (requirements('requirements') | requirements('dev_requirements')).items():
        if name not in new: yield f'newest.txt: {name} is missing'
    for field in 'requirements', 'dev_requirements':
        for name, r in requirements(field).items():
            if name in new and Version(new[name]) not in r.specifier:
                yield f'newest.txt: {name} {new[name]} is outside of {r} ({field})'


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--lowest', action='store_true', help='write lowest.txt')
    p.add_argument('--newest', action='store_true', help='write newest.txt from this environment')
    args = p.parse_args()
    if args.lowest: write(lowest, lower_bounds())
    if args.newest: write(newest, installed())
    if args.lowest or args.newest: return
    found = list(problems())
    print('\n'.join(found) or 'settings.ini and constraints/ agree')
    sys.exit(bool(found))


if __name__ == '__main__': main()
