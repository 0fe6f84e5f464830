"""How the site shows the notebooks: what is a definition, what is a proof, what is only an import.

settings.ini names this file (`procs` and `renderer`), so whatever renders the site runs with PYTHONPATH=.ci:
for instance `PYTHONPATH=.ci nbdev_preview`. Classes of cells are styled in nbs/styles.css.
"""
import ast, re
from itertools import takewhile

from nbdev.process import Processor
from nbdev.showdoc import MarkdownRenderer, NbdevLookup

TEST = re.compile(r'\b(test_\w+\(|assert\b|expect_fail|@given)')
IMPORT = re.compile(r'(import|from)\b')
HEADING = re.compile(r'^##? +(.*)$', flags=re.M)
WIDGET = 'application/vnd.jupyter.widget-view+json'
WORD_LINK = re.compile(r'\[(`([a-z]+)(?:\(\))?`)\]\(https?://[^)\s]*#[^)\s]*\)')  # nbdev's, of a plain word
NESTED = re.compile(r'\[\[(`[^`\s]+`)\]\([^)]*\)\]\(')  # nbdev's, within a link that was there


def functions(cell):
    "The functions and classes of the package that a cell defines or imports; methods are none."
    try:
        lines = ast.parse(cell.source).body
    except SyntaxError:  # a magic
        return
    for line in lines:
        if isinstance(line, ast.ImportFrom) and (line.module or '').startswith('dreambooth_nb'):
            yield from (o.asname or o.name for o in line.names)
        elif isinstance(line, (ast.FunctionDef, ast.ClassDef)) and 'export' in cell.directives_:
            if not any('patch' in ast.unparse(o) for o in line.decorator_list): yield line.name


def options(cell, **values):
    "Quarto's options of a cell, written above its code; one that is there stays: Quarto stops at a second."
    new = {k.replace('_', '-'): v for k, v in values.items()}
    lines = (f'#| {k}: {v}\n' for k, v in new.items() if f'#| {k}:' not in cell.source)
    cell.source = ''.join(lines) + cell.source


class Book(Processor):
    """Imports are folded; definitions and proofs get a look each; the section Proofs is folded.
    `train` may be a setting, a method or a function: it is a link where the page knows the function."""
    proofs = False
    # the section Proofs, code and outputs; a div within, so that its own headings end before the fold does
    OPEN = ('\n\n<details class="proofs">\n<summary>{} cells of code, with what they print</summary>\n\n'
            '::: {{.proofs-body}}\n\n')
    CLOSE = '\n:::\n\n</details>\n\n'

    def begin(self):
        code = [cell for cell in self.nb.cells if cell.cell_type == 'code']
        self.known = {name for cell in code for name in functions(cell)}

    def fold(self, cell):
        "A cell with the heading Proofs, with the fold below what it says before its own first heading."
        text, after = cell.source, self.nb.cells[self.nb.cells.index(cell) + 1:]
        own = takewhile(lambda o: o.cell_type == 'code' or not HEADING.search(o.source), after)
        where = next((o.start() for o in re.finditer('^### ', text, flags=re.M)), len(text))
        n = sum(o.cell_type == 'code' for o in own)
        return text[:where] + self.OPEN.format(n) + text[where:]

    def right_links(self, text):
        "Without nbdev's links within links, and on words that are no function of the package here."
        text = NESTED.sub(r'[\1](', text)
        return WORD_LINK.sub(lambda m: m[0] if m[2] in self.known else m[1], text)

    def __call__(self, cell):
        if cell.cell_type == 'markdown':
            cell.source = self.right_links(cell.source)
            headings = HEADING.findall(cell.source)
            if headings:
                if self.proofs: cell.source = self.CLOSE + cell.source
                self.proofs = headings[-1].strip() == 'Proofs'
                if self.proofs: cell.source = self.fold(cell)
        if cell.cell_type == 'code':  # a widget is nothing without its kernel
            cell.outputs = [o for o in cell.outputs if WIDGET not in o.get('data', {})]
        if cell.cell_type != 'code' or not cell.source or 'show_doc(' in cell.source: return
        lines = [line for line in cell.source.splitlines() if line.strip() and not line.startswith('#')]
        imports = lines and IMPORT.match(lines[0]) and all(IMPORT.match(o) or o[0] in ' )' for o in lines)
        if imports:
            options(cell, code_fold='true', code_summary='"Imports"', classes='book-imports')
        elif {'export', 'exports'} & set(cell.directives_): options(cell, classes='book-code')
        elif self.proofs or TEST.search(cell.source): options(cell, classes='book-test')


class Strip(MarkdownRenderer):
    "Below the code of a definition, its name as an anchor and a link to the source: nothing twice."

    def _repr_markdown_(self):
        name, where = self.nm, self.fn
        first = next(iter(self.sig.parameters.values()), None) if self.sig else None
        owner = first.annotation if first is not None and first.name in ('self', 'cls') else None
        if '.' not in name and getattr(owner, '__module__', '').startswith('dreambooth_nb.'):
            name = f'{owner.__name__}.{name}'  # a method below a second decorator
            where = where.removesuffix(self.nm) + name
        if name.startswith('_'): return ''  # a part of something private is no entry
        source = NbdevLookup().code(where)
        link = f' [source]({source}){{target="_blank"}}' if source else ''
        return f'::: {{.api}}\n\n##### `{name}`{link} {{#{name.lower()}}}\n\n:::\n'
