"""How the site shows the notebooks: what is a definition, what is a proof, what is only an import.

settings.ini names this file (`procs` and `renderer`), so whatever renders the site runs with PYTHONPATH=.ci:
for instance `PYTHONPATH=.ci nbdev_preview`. Classes of cells are styled in nbs/styles.css.
"""
import re

from nbdev.process import Processor
from nbdev.showdoc import MarkdownRenderer, NbdevLookup

TEST = re.compile(r'\b(test_\w+\(|assert\b|expect_fail|@given)')
IMPORT = re.compile(r'(import|from)\b')


def options(cell, **values):
    "Quarto's options of a cell, written above its code."
    cell.source = ''.join(f'#| {k.replace("_", "-")}: {v}\n' for k, v in values.items()) + cell.source


class Book(Processor):
    "Imports are folded; definitions and proofs get a look each; those under the heading Proofs are folded."
    proofs = False

    def __call__(self, cell):
        if cell.cell_type == 'markdown':
            headings = re.findall(r'^##? +(.*)$', cell.source, flags=re.M)
            if headings: self.proofs = headings[-1].strip() == 'Proofs'
        if cell.cell_type != 'code' or not cell.source or 'show_doc(' in cell.source: return
        lines = [line for line in cell.source.splitlines() if line.strip() and not line.startswith('#')]
        imports = lines and IMPORT.match(lines[0]) and all(IMPORT.match(o) or o[0] in ' )' for o in lines)
        if imports:
            options(cell, code_fold='true', code_summary='"Imports"', classes='book-imports')
        elif {'export', 'exports'} & set(cell.directives_): options(cell, classes='book-code')
        elif self.proofs: options(cell, code_fold='true', code_summary='"Proof"', classes='book-test')
        elif TEST.search(cell.source): options(cell, classes='book-test')


class Strip(MarkdownRenderer):
    "Below the code of a definition, its name as an anchor and a link to the source: nothing twice."

    def _repr_markdown_(self):
        source = NbdevLookup().code(self.fn)
        link = f' [source]({source}){{target="_blank"}}' if source else ''
        return f'::: {{.api}}\n\n##### `{self.nm}`{link} {{#{self.nm.lower()}}}\n\n:::\n'
