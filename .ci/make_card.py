#!/usr/bin/env python
"""The picture that links to the site show, nbs/card.png, and its icon, from the pictures of the first run.

    python .ci/make_card.py
"""
import base64, io
from pathlib import Path

import nbformat
import numpy as np
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont

nbs = Path(__file__).parent.parent/'nbs'
SIZE, PAPER, INK, FAINT = (1200, 630), '#16191e', '#f0f3f7', '#98a1ad'
SMALLEST = 60  # pixels: what is smaller is a title


def figure(cell_id):
    "The picture that a cell of the first run has left."
    cells = nbformat.read(nbs/'tutorials'/'first_run.ipynb', as_version=4).cells
    outputs = next(c for c in cells if c.id == cell_id).outputs
    data = next(o.data['image/png'] for o in outputs if 'image/png' in o.get('data', {}))
    return Image.open(io.BytesIO(base64.b64decode(data))).convert('RGBA')


def runs(marked):
    "Spans of neighbours that are marked."
    marked = marked.tolist()
    edges = [k for k in range(1, len(marked)) if marked[k] != marked[k - 1]]
    edges = [0]*marked[0] + edges + [len(marked)]*marked[-1]
    return list(zip(edges[::2], edges[1::2]))


def squares(im):
    "The pictures within a figure, row by row: what stands out from its white page, without the titles."
    ink, found = np.asarray(im.convert('RGB')).min(2) < 250, []
    for top, bottom in runs(ink.any(1)):
        if bottom - top < SMALLEST: continue
        for left, right in runs(ink[top:bottom].any(0)):
            if right - left >= SMALLEST: found.append(im.crop((left, top, right, bottom)).convert('RGB'))
    return found


def font(size, weight='normal'):
    return ImageFont.truetype(font_manager.findfont(font_manager.FontProperties(weight=weight)), size)


def card(blocks):
    "The title, and blocks of four pictures below their captions: {(column, row): (caption, pictures)}."
    im = Image.new('RGB', SIZE, PAPER)
    pen = ImageDraw.Draw(im)
    pen.text((60, 46), 'dreambooth_nb', INK, font(56, 'bold'))
    for k, line in enumerate(
        ('Four photos go in; it comes out in new places,', 'and the class stays what it was.')
    ):
        pen.text((60, 128 + 32*k), line, FAINT, font(22))
    for (column, row), (caption, pictures) in blocks.items():
        x, y = 60 + 558*column, 44 + 190*row
        pen.text((x, y), caption, FAINT, font(21))
        for k, picture in enumerate(pictures):
            im.paste(picture.resize((126, 126), Image.LANCZOS), (x + 132*k, y + 34))
    return im


if __name__ == '__main__':
    photos, before, after, teapots = (squares(figure(o)) for o in ('f005', 'f007', 'f009', 'f011'))
    card({(1, 0): ('four photos', photos),
          (0, 1): ('before: “a sks teapot”', before), (1, 1): ('after: “a sks teapot”', after),
          (0, 2): ('before: “a teapot”', teapots[:4]), (1, 2): ('after: “a teapot”', teapots[4:8]),
          }).save(nbs/'card.png', optimize=True)
    photos[2].resize((64, 64), Image.LANCZOS).save(nbs/'favicon.png', optimize=True)
