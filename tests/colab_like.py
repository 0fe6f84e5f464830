#!/usr/bin/env python
"""A tutorial as Colab runs it: Colab's versions, no clone of the repository, photos that are uploaded.

    python tests/colab_like.py --python python3.13 --photos FOLDER nbs/tutorials/real_photos.ipynb

Makes a virtual environment with the versions that Colab has and without what Colab lacks (one that is there
already is taken as it is), and starts kernels to which `google.colab` belongs. Every cell of the notebooks is
run from top to bottom in an empty folder, those for slow machines and widgets too; the first one installs
this checkout in place of the repository on the net. Where photos are asked for, those of --photos are given;
without it, none. Checks that the install cell is the same in all notebooks, says one line, and leaves torch
alone. The last line says `ok` or what went wrong; the exit code is 0 only for `ok`.
"""
import argparse, json, os, shutil, subprocess, sys, tempfile, time
from configparser import ConfigParser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NET = 'git+https://github.com/dreambooth-nb/dreambooth_nb'
COLAB = 'torch==2.11.*', 'diffusers==0.39.*', 'fastcore==2.2.*', 'ipywidgets==7.7.1', 'nbclient', 'ipykernel'
LACKS = 'dreambooth_nb', 'jsonargparse', 'hypothesis'
VERSIONS = """from importlib.metadata import version
import platform
names = 'torch diffusers transformers accelerate peft fastcore ipywidgets ipykernel numpy pillow'.split()
print('python', platform.python_version(), *(f'{n} {version(n)}' for n in names))"""

UPLOAD = """import os, shutil
def upload(target_dir=''):
    photos = os.environ.get('COLAB_PHOTOS')
    return shutil.copytree(photos, target_dir, dirs_exist_ok=True) if photos else {}
def download(path):
    assert os.path.isfile(path), path
    print('downloads', path)
"""


def install_cell(notebook):
    "The source of a notebook's install cell."
    cells = json.loads(notebook.read_text(encoding='utf-8'))['cells']
    sources = (''.join(c['source']) for c in cells if c['cell_type'] == 'code')
    return next((s for s in sources if NET in s), None)


def make_environment(venv, python):
    "Colab's versions, without what Colab lacks."
    config = ConfigParser(delimiters=['='])
    config.read(ROOT / 'settings.ini', encoding='utf-8')
    needs = [r for r in config['DEFAULT']['requirements'].split() if not r.startswith(LACKS)]
    own = venv / ('Scripts' if os.name == 'nt' else 'bin') / 'python'
    if not own.is_file():
        subprocess.run([python, '-m', 'venv', str(venv)], check=True)
        subprocess.run([own, '-m', 'pip', 'install', '-q', *COLAB, *needs], check=True)
    return own


def clean(python):
    "Take away what Colab lacks."
    command = [python, '-m', 'pip', 'uninstall', '-y', *LACKS]
    subprocess.run(command, check=True, capture_output=True)


def copy_checkout(to):
    "What git knows or would add: pip builds in the folder that it is given."
    listed = subprocess.run(
        ['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split('\0')):
        if not (ROOT / name).is_file(): continue
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, to / name)


def run_notebook(notebook, package):
    "In the child, in Colab's environment and an empty folder: run every cell; print what the first one says."
    import nbformat
    from nbclient import NotebookClient

    nb = nbformat.read(notebook, 4)
    for c in nb.cells:
        c.source = c.source.replace(NET, package)
    NotebookClient(nb, timeout=3600, kernel_name='python3').execute()
    cell = next(c for c in nb.cells if package in c.source)
    said = ''.join(o.get('text', '') for o in cell.outputs)
    print(said.strip())
    assert said.startswith('Successfully installed ') and said.count('\n') == 1, said
    assert ' torch-' not in said, f'torch was replaced: {said}'


def colab_folder(folder):
    "Where a kernel finds `google.colab`, and begins by importing it: environment variables."
    startup, colab = folder / 'ipython/profile_default/startup', folder / 'stub/google/colab'
    startup.mkdir(parents=True)
    colab.mkdir(parents=True)
    (startup / '00.py').write_text('import google.colab\n')
    (colab.parent / '__init__.py').write_text('')
    (colab / '__init__.py').write_text('')
    (colab / 'files.py').write_text(UPLOAD)
    return {'IPYTHONDIR': str(folder / 'ipython'), 'PYTHONPATH': str(folder / 'stub')}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('notebooks', nargs='*', default=[str(ROOT / 'nbs/tutorials/real_photos.ipynb')])
    p.add_argument('--python', default=sys.executable, help='Python of the environment')
    p.add_argument('--venv', help='folder of the environment; None: a temporary one')
    p.add_argument('--photos', help='folder of the photos that are uploaded')
    p.add_argument('--package', help=argparse.SUPPRESS)
    args = p.parse_args()
    if args.package: return run_notebook(*args.notebooks, args.package)

    notebooks = [f for f in sorted((ROOT / 'nbs').rglob('*.ipynb')) if f.name != 'index.ipynb']
    cells = {install_cell(f) for f in notebooks if '.ipynb_checkpoints' not in f.parts}
    assert len(cells) == 1 and None not in cells, f'{len(cells)} install cells differ'
    with tempfile.TemporaryDirectory(prefix='colab.', ignore_cleanup_errors=True) as tmp:
        tmp = Path(tmp)
        (tmp / 'checkout').mkdir()
        copy_checkout(tmp / 'checkout')
        python = make_environment(Path(args.venv or tmp / 'venv').resolve(), args.python)
        env = os.environ | colab_folder(tmp) | {'HF_HUB_OFFLINE': '1'}
        if args.photos: env['COLAB_PHOTOS'] = str(Path(args.photos).resolve())
        subprocess.run([python, '-c', VERSIONS], check=True)
        for k, notebook in enumerate(args.notebooks):
            clean(python)
            work, start = tmp / f'content-{k}', time.perf_counter()
            work.mkdir()
            command = [python, Path(__file__).resolve(), '--package', tmp / 'checkout']
            done = subprocess.run([*command, Path(notebook).resolve()], cwd=work, env=env).returncode
            print(f'{notebook}: {"FAIL" if done else "ok"}, {time.perf_counter() - start:.0f} s', flush=True)
            if done: sys.exit(1)
    print('ok')


if __name__ == '__main__': main()
