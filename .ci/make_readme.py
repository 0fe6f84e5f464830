#!/usr/bin/env python
"""Make README.md and nbs/llms.txt from the notebooks, without Quarto and always the same.

    python .ci/make_readme.py            write README.md (and the pictures among its outputs to README_files/)
    python .ci/make_readme.py --check    compare only: print the difference, exit code 1 when there is one

Cells with `#| hide` and directive lines are left out; `echo: false` and `output: false` are obeyed.
Relative links and pictures become addresses on GitHub, so that README.md reads the same there, on PyPI and in
a mail.
"""
import argparse, difflib, os, re, sys
from pathlib import Path
from urllib.parse import urlsplit

import nbformat, yaml
from nbconvert import MarkdownExporter
from nbdev.config import get_config

cfg = get_config()
root, index = cfg.config_path, cfg.nbs_path/cfg.readme_nb
DIRECTIVE = re.compile(r'^\s*#\s*\|\s*(.*?)\s*$')


def shown(cell):
    "The cell as a reader should see it, or None."
    if cell.cell_type == 'raw': return None
    if cell.cell_type == 'markdown': return cell
    lines = cell.source.split('\n')
    first = next((i for i, o in enumerate(lines) if o.strip() and not DIRECTIVE.match(o)), len(lines))
    flags = {re.sub(r'\s*:\s*', ':', DIRECTIVE.match(o)[1]) for o in lines[:first] if o.strip()}
    if flags & {'hide', 'hide:', 'include:false'} or any(o.split()[0] == 'default_exp' for o in flags if o):
        return None
    cell.source = '' if 'echo:false' in flags else '\n'.join(lines[first:])
    if 'output:false' in flags: cell.outputs = []
    return cell if cell.source.strip() or cell.outputs else None


def address(url, picture=False):
    "Where a relative link or picture of the notebook is on GitHub."
    parts = urlsplit(url)
    if parts.scheme or parts.netloc or not parts.path or parts.path.startswith('/'): return url
    path = Path(os.path.relpath(index.parent/parts.path, root)).as_posix()
    start = (cfg.git_url.replace('//github.com/', '//raw.githubusercontent.com/') if picture
             else f'{cfg.git_url}/blob')
    return f'{start}/{cfg.branch}/{path}{url[len(parts.path):]}'


def relink(text):
    "Rewrite the targets of pictures, Markdown links and HTML src/href, outside code."
    def prose(s):
        s = re.sub(r'(!\[[^\]]*\]\()([^)\s]+)', lambda m: m[1] + address(m[2], True), s)
        s = re.sub(r'(\]\()([^)\s]+)', lambda m: m[1] + address(m[2]), s)
        return re.sub(r'(\b(src|href)=")([^"]+)', lambda m: m[1] + address(m[3], m[2] == 'src'), s)
    parts = re.split(r'(^```.*?^```[ \t]*$|`[^`\n]+`)', text, flags=re.M | re.S)
    return ''.join(o if i % 2 else prose(o) for i, o in enumerate(parts))


def make():
    "The files that the index notebook makes: {path from the root: bytes}."
    nb = nbformat.read(index, as_version=4)
    nb.cells = [o for o in map(shown, nb.cells) if o is not None]
    nb.metadata.language_info = {'name': 'python'}
    text, resources = MarkdownExporter().from_notebook_node(
        nb, {'output_files_dir': os.path.relpath(root/'README_files', index.parent), 'unique_key': 'output'}
    )
    text = re.sub(r'^```python\n\s*```\n', '', text, flags=re.M)
    text = re.sub(r'\n{3,}', '\n\n', re.sub(r'[ \t]+$', '', relink(text), flags=re.M)).strip() + '\n'
    pictures = {f'README_files/{Path(o).name}': data for o, data in resources.get('outputs', {}).items()}
    made_from = index.relative_to(root).as_posix()
    text = f'<!-- Made from {made_from} by .ci/make_readme.py: change the notebook. -->\n\n{text}'
    return {'README.md': text.encode(), 'nbs/llms.txt': llms().encode(), **pictures}


def heading(path):
    "Title and summary of a notebook, from its first cell."
    cells = [o.source for o in nbformat.read(path, as_version=4).cells if o.cell_type == 'markdown']
    title, summary = (re.search(mark + ' (.+)', cells[0])[1] for mark in ('^#', '(?m)^>'))
    return title, summary


def llms():
    "The book's table of contents for programs that read (llmstxt.org), in the order of the sidebar."
    site = f'{cfg.doc_host}{cfg.doc_baseurl}/'
    title, summary = heading(index)
    lines = [f'# {title}', '', f'> {summary}']
    sidebar = yaml.safe_load((cfg.nbs_path/'sidebar.yml').read_text(encoding='utf-8'))
    for entry in sidebar['website']['sidebar']['contents']:
        if isinstance(entry, str): continue
        lines += ['', f'## {entry["section"]}', '']
        for page in entry['contents']:
            name, what = heading(cfg.nbs_path/page)
            html = re.sub(r'(^|/)\d+[a-zA-Z0-9]*_', r'\1', page).replace('.ipynb', '.html')  # nbdev's name
            lines.append(f'- [{name}]({site}{html}): {what}')
    return '\n'.join(lines) + '\n'


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--check', action='store_true', help='write nothing, report differences')
    args = p.parse_args()
    if not index.exists(): sys.exit(f'{index} does not exist: README.md is made from it')
    files = make()
    old = {f.relative_to(root).as_posix() for f in (root/'README_files').glob('*')}
    if args.check:
        differ = [f for f, data in files.items() if not (root/f).exists() or (root/f).read_bytes() != data]
        if 'README.md' in differ and (root/'README.md').exists():
            pair = [(root/'README.md').read_text(encoding='utf-8'), files['README.md'].decode()]
            sys.stdout.writelines(
                difflib.unified_diff(*[o.splitlines(True) for o in pair], 'README.md', index.name)
            )
        for f in sorted({*differ, *(old - set(files))}):
            print(f'{f} is not what {index.name} makes: run python .ci/make_readme.py')
        sys.exit(1 if differ or old - set(files) else 0)
    for f in old - set(files):
        (root/f).unlink()
    for f, data in files.items():
        (root/f).parent.mkdir(exist_ok=True)
        (root/f).write_bytes(data)


if __name__ == '__main__': main()
