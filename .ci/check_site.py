#!/usr/bin/env python
"""Process the notebooks as the site does and look for what is broken, without Quarto and without the network.

    python .ci/check_site.py

Looked at: files that the site's settings name; sidebar and navigation entries, and pages that no entry
leads to; links, anchors and pictures in the pages and in README.md, the badges' and the site's own
addresses included; chapters that a link calls by another title than their own; figures without a
caption or with a white margin; options of a cell that Quarto could not read; pages that llms.txt names.
Anchors are named as on the site (`#a-section-why` for "A section: why?").
Each problem is a line; the exit code is 0 only when there is none.
"""
import base64, io, os, re, sys, warnings
from collections import Counter
from itertools import takewhile
from urllib.parse import unquote, urlsplit

import nbformat, yaml
from bs4 import BeautifulSoup
from nbconvert import HTMLExporter
from nbconvert.filters import markdown2html
from nbdev.config import get_config
from nbdev.quarto import refresh_quarto_yml
from nbdev.serve import proc_nbs
from PIL import Image

cfg = get_config()
root, nbs = cfg.config_path, cfg.nbs_path
os.chdir(root)
sys.path.insert(0, str(root))
problems = []
site_url, repo_url = f'{cfg.doc_host}{cfg.doc_baseurl}/', f'{cfg.git_url}/'
colab_url = repo_url.replace('https://github.com/', 'https://colab.research.google.com/github/')
raw_url = f"{repo_url.replace('//github.com/', '//raw.githubusercontent.com/')}{cfg.branch}/"


def problem(where, what):
    problems.append(f'{where}: {what}')


def anchor(heading):
    "The id that the site (pandoc's auto_identifiers) gives a heading."
    text = re.sub(r'[^\w\s.-]', '', heading).strip().lower()
    return re.sub(r'^[^a-z]+', '', re.sub(r'\s+', '-', text)) or 'section'


def anchors(soup):
    "Every anchor of a page: headings, numbered where one repeats, and explicit ids."
    found, seen = set(), Counter()
    for h in soup.find_all(re.compile('^h[1-6]$')):
        text = h.get_text()
        explicit = re.search(r'\{[^}]*#([\w.:-]+)[^}]*\}\s*$', text)
        name = explicit[1] if explicit else anchor(text)
        found.add(f'{name}-{seen[name]}' if seen[name] else name)
        seen[name] += 1
        h.attrs.pop('id', None)
    return found | {o[k] for k in ('id', 'name') for o in soup.find_all(attrs={k: True})}


def entries(node):
    "The pages in a sidebar or navigation tree."
    if isinstance(node, str): yield node
    elif isinstance(node, list):
        for o in node:
            yield from entries(o)
    elif isinstance(node, dict):
        for k in ('href', 'file', 'contents', 'menu', 'left', 'right'):
            if k in node: yield from entries(node[k])


def load_yml(path):
    try:
        return yaml.safe_load(path.read_text(encoding='utf-8')) or {}
    except (OSError, yaml.YAMLError) as e:
        problem(path.relative_to(root), e)
    return {}


def check_settings(pages):
    "The site's YAML files and the pages that its navigation names."
    named = set()
    for o in load_yml(nbs/'_quarto.yml').get('metadata-files', []):
        path = (nbs/o).resolve()
        if not path.exists():
            problem('nbs/_quarto.yml', f'{o} does not exist')
            continue
        yml = load_yml(path)
        css = ((yml.get('format') or {}).get('html') or {}).get('css')
        for f in [css] if isinstance(css, str) else css or []:
            if not (nbs/f).exists(): problem(path.name, f'{f} does not exist')
        website = yml.get('website') or {}
        for bar in ('sidebar', 'navbar'):
            for page in entries(website.get(bar)):
                if urlsplit(page).scheme: continue
                if not (nbs/page).exists(): problem(f'{path.name}, {bar}', f'{page} does not exist')
                if bar == 'sidebar': named.add(page)
    for page in sorted(set(pages) - named):
        problem(page, 'no entry in the sidebar leads here')


def process():
    "Run nbdev's processing of the notebooks, as `nbdev_docs` does before it calls Quarto."
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        refresh_quarto_yml()
        try:
            proc = proc_nbs(n_workers=0, force=True)
        except Exception as e:
            problem('processing the notebooks', f'{e}\n{e.__cause__!r}')
            proc = root/'_proc'
    for w in caught:
        if 'imports and other code' in str(w.message): problem('processing the notebooks', w.message)
    return proc


def check_title(page, nb):
    """nbdev turns the first cell with a heading into the page's title and summary, and drops whatever
    else it holds."""
    cell = next(
        (o for o in nb.cells if o.cell_type == 'markdown' and re.search(r'^# ', o.source, flags=re.M)), None
    )
    if cell is None:
        problem(page, 'has no title: begin with "# Title" and "> summary"')
        return
    if not re.fullmatch(r'\s*# .*\s+> .*(\n- .*:.*)*\s*', cell.source):
        problem(
            page,
            'the cell of the title holds "# Title" and "> summary", one line each; the site would drop the '
            'rest of it',
        )


def check_install(pages):
    "Whoever offers Colab installs there, and all in the same way."
    cells = {}
    for page in pages:
        nb = nbformat.read(nbs/page, as_version=4)
        if not any('colab-badge' in c.source for c in nb.cells): continue
        first = next((c for c in nb.cells if c.cell_type == 'code'), None)
        cells[page] = first.source if first and 'google.colab' in first.source else ''
    usual = Counter(cells.values()).most_common(1)[0][0]
    for page, source in cells.items():
        if source != usual: problem(page, 'its first code cell is not the install cell of the others')


def white_frame(picture):
    "Is all of a picture's outermost line white?"
    im = picture.convert('RGBA')
    w, h = im.size
    frame = [im.crop(o) for o in ((0, 0, w, 1), (0, h - 1, w, h), (0, 0, 1, h), (w - 1, 0, w, h))]
    return all(low >= 250 for side in frame for low, _ in side.getextrema())


def check_figures(pages):
    "Stored figures have a caption and an alt text, and stand on a dark page too: nothing behind them."
    for page in pages:
        for cell in nbformat.read(nbs/page, as_version=4).cells:
            kinds = {kind for out in cell.get('outputs', []) for kind in out.get('data', {})}
            for what in ('fig-cap', 'fig-alt'):
                if kinds & {'image/png', 'image/jpeg'} and f'#| {what}:' not in cell.source:
                    problem(page, f'cell {cell.id}: its picture has no {what}')
            for out in cell.get('outputs', []):
                for kind in ('image/png', 'image/jpeg'):
                    data = out.get('data', {}).get(kind)
                    if data and white_frame(Image.open(io.BytesIO(base64.b64decode(data)))):
                        problem(page, f'cell {cell.id}: its picture has a white margin, see nbs/matplotlibrc')


def check_noise(pages):
    "No stored output is a library's warning about itself."
    for page in pages:
        for cell in nbformat.read(nbs/page, as_version=4).cells:
            for out in cell.get('outputs', []):
                if re.search(r'\w+Warning: |to silence this warning|Casting directly', out.get('text', '')):
                    problem(page, f'cell {cell.id}: a library warns: {out.text.strip()[:80]}')


class Strict(yaml.SafeLoader):
    "YAML in which no key stands twice."

    def construct_mapping(self, node, deep=False):
        for k, n in Counter(key.value for key, _ in node.value).items():
            if n > 1: raise yaml.YAMLError(f'{k} stands there twice')
        return super().construct_mapping(node, deep)


def check_options(page, cell):
    "What Quarto reads above a cell's code is YAML, each key once; it ends at anything else."
    lines = takewhile(lambda line: line.startswith('#|'), cell.source.splitlines())
    said = '\n'.join(line[2:].strip() for line in lines if ':' in line)
    try:
        yaml.load(said, Strict)
    except yaml.YAMLError as e:
        problem(page, f'cell {cell.get("id")}: its options are no YAML: {" ".join(str(e).split())}')


def check_index(outputs):
    "Pages that llms.txt names are on the site."
    text = (nbs/'llms.txt').read_text(encoding='utf-8')
    for html in re.findall(re.escape(site_url) + r'([^)#\s]*)', text):
        if (html or 'index.html') not in outputs: problem('llms.txt', f'{html}: the site has no such page')


def read_pages(proc):
    "Processed notebooks as parsed HTML: {path in nbs: soup}, and {page on the site: path in nbs}."
    no_code = dict(highlight_code=lambda source, **_: '')  # no link is in it, and it takes most of the time
    exporter = HTMLExporter(template_name='basic', exclude_anchor_links=True, filters=no_code)
    soups, outputs = {}, {}
    for source in sorted(nbs.rglob('*.ipynb')):
        page = source.relative_to(nbs)
        if any(o[0] in '._' for o in page.parts): continue
        if not (proc / page).exists():
            problem(page, 'was not processed')
            continue
        nb = nbformat.read(proc/page, as_version=4)
        front = nb.cells[0].source if nb.cells and nb.cells[0].cell_type == 'raw' else ''
        front = yaml.safe_load(front.strip().strip('-')) or {}
        check_title(page, nbformat.read(source, as_version=4))
        for cell in nb.cells:
            if cell.cell_type == 'code' and cell.source.startswith('#| default_exp'):
                problem(page, 'the site shows the cell with default_exp: add "#| hide" to it')
            if cell.cell_type == 'code': check_options(page, cell)
            if cell.cell_type != 'markdown': continue
            if re.search(r'\[\[`[^`]*`\]\(', cell.source):
                problem(page, 'a link within a link: .ci/book_procs.py takes out those that nbdev makes')
            if '' in re.findall(r'^```[ \t]*(.*)$', cell.source, flags=re.M)[::2]:
                problem(page, 'a code fence without a language, which does not wrap on a phone: "```text"')
        soups[page.as_posix()] = BeautifulSoup(exporter.from_notebook_node(nb)[0], 'html.parser')
        html = page.with_name(front['output-file']) if 'output-file' in front else page.with_suffix('.html')
        outputs[html.as_posix()] = page.as_posix()
    return soups, outputs


def check_links(where, soup, folder, base, ids, outputs):
    """Links and pictures of one page; `base` is where its relative links start, `folder` the page's place
    in nbs (None: README)."""
    count = 0
    for tag, attr in [('a', 'href'), ('img', 'src'), ('source', 'src'), ('video', 'src'), ('iframe', 'src')]:
        for o in soup.find_all(tag, attrs={attr: True}):
            url, count = o[attr], count + 1
            if url.startswith(site_url):
                # nbdev makes these from `names` in the text; it knows the page, but a method or a private
                # name has no heading there
                html = unquote(url[len(site_url):]).partition('#')[0]
                if (html or 'index.html') not in outputs: problem(where, f'{url}: the site has no such page')
                continue
            if url.startswith(raw_url) and not (root/unquote(url[len(raw_url):])).exists():
                problem(where, f'{url}: the repository has no {url[len(raw_url):]}')
            for start in (repo_url, colab_url):
                blob = (
                    re.match(r'(?:blob|tree|raw)/([^/]+)/([^#?]+)', url[len(start) :])
                    if url.startswith(start)
                    else None
                )
                if blob and not (root / unquote(blob[2])).exists():
                    problem(where, f'{url}: the repository has no {blob[2]}')
                if blob and start == colab_url and folder is not None and blob[2] != f'nbs/{where}':
                    problem(where, f'{url}: the badge opens another notebook')
            parts = urlsplit(url)
            if parts.scheme or parts.netloc: continue
            path, name = unquote(parts.path), unquote(parts.fragment)
            target = (base/path).resolve() if path else None
            if target and not target.exists():
                problem(where, f'{url}: no such file')
                continue
            page = where if target is None else None
            if target and target.suffix == '.ipynb':
                page = target.relative_to(base_of(target)).as_posix() if base_of(target) else None
            if name and page in ids and name not in ids[page]:
                problem(where, f'{url}: no such anchor in {page}')
            text = o.get_text()
            if page in ids and re.match(r'\d\d ', text):  # a chapter by its number: so it is called
                title = nbformat.read(nbs/page, as_version=4).cells[0].source.split('\n')[0]
                if title != f'# {text}': problem(where, f'{url}: is called {title[2:]}, not {text}')
    return count


def base_of(path):
    "The folder of pages that holds `path`: the processed one or nbs itself."
    return next((o for o in ((root/'_proc').resolve(), nbs.resolve()) if o in path.parents), None)


def main():
    proc = process()
    soups, outputs = read_pages(proc)
    check_settings(soups)
    check_install(soups)
    check_figures(soups)
    check_noise(soups)
    check_index(outputs)
    ids = {page: anchors(soup) for page, soup in soups.items()}
    links = sum(
        check_links(page, soup, nbs, (proc / page).parent, ids, outputs) for page, soup in soups.items()
    )
    readme = root/'README.md'
    if readme.exists():
        soup = BeautifulSoup(markdown2html(readme.read_text(encoding='utf-8')), 'html.parser')
        for o in soup.select('a.anchor-link'):
            o.decompose()  # nbconvert's own, beside each heading
        ids['README.md'] = anchors(soup)
        links += check_links('README.md', soup, None, root, ids, outputs)
    if not soups: problem('nbs', 'holds no notebook')
    for o in dict.fromkeys(problems):
        print(o)
    print(f'{len(soups)} pages, {links} links, {len(dict.fromkeys(problems))} problems')
    sys.exit(1 if problems else 0)


if __name__ == '__main__': main()
