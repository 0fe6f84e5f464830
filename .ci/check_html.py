#!/usr/bin/env python
"""Look at the rendered site as a reader gets it: in a browser, on a screen and on a phone.

    python .ci/check_html.py FOLDER

Each problem is a line: a chapter without a working Colab link, a social picture that is no file, Markdown
left over within code, a figure without a description, a page wider than its window.
"""
import re, sys
from pathlib import Path

from bs4 import BeautifulSoup
from playwright.sync_api import sync_playwright

from browser_test import find_chromium

WIDTHS = 1400, 390
problems = []


def problem(page, what):
    problems.append(f'{page}: {what}')


def check_source(page, soup):
    "What can be seen without a browser."
    links = [a for a in soup.find_all('a', href=True) if 'colab.research.google.com' in a['href']]
    chapter = soup.title and re.match(r'\d\d ', soup.title.get_text())
    if chapter and not links: problem(page, 'has no link to Colab')
    for a in links:
        if 'lightbox' in a.get('class', []):
            problem(page, 'the Colab badge opens as a picture, not as a link')
    for meta in soup.find_all('meta', property='og:image'):
        if not meta.get('content', '').endswith('.png'): problem(page, 'og:image is no PNG file')
    for pre in soup.find_all('pre'):
        if '](http' in pre.get_text(): problem(page, f'a link within code: {pre.get_text()[:60]!r}')
    for img in soup.select('figure img'):
        if not img.get('alt', '').strip(): problem(page, f'a figure without a description: {img["src"][:60]}')


def check_width(page, tab, address):
    "Nothing is wider than the window."
    for width in WIDTHS:
        tab.set_viewport_size(dict(width=width, height=900))
        tab.goto(address)
        wide = tab.evaluate('document.documentElement.scrollWidth')
        if wide > width: problem(page, f'is {wide} pixels wide in a window of {width}')


def main(folder):
    pages = sorted(Path(folder).rglob('*.html'))
    if not pages: sys.exit(f'{folder}: holds no pages')
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=find_chromium(), args=['--no-sandbox'])
        tab = browser.new_page()
        for path in pages:
            page = path.relative_to(folder)
            check_source(page, BeautifulSoup(path.read_text(encoding='utf-8'), 'html.parser'))
            check_width(page, tab, path.resolve().as_uri())
        browser.close()
    print('\n'.join(problems) or f'{len(pages)} pages, nothing wrong')
    sys.exit(bool(problems))


if __name__ == '__main__': main(sys.argv[1])
