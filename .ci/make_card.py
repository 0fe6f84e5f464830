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
    "The pictures within a figure: what stands out from its white page, without the titles."
    ink = np.asarray(im.convert('RGB')).min(2) < 250
    top, bottom = max(runs(ink.any(1)), key=lambda o: o[1] - o[0])
    spans = [o for o in runs(ink[top:bottom].any(0)) if o[1] - o[0] > 60]
    return [im.crop((a, top, b, bottom)).convert('RGB') for a, b in spans]


def font(size, weight='normal'):
    return ImageFont.truetype(font_manager.findfont(font_manager.FontProperties(weight=weight)), size)


def card(photos, after):
    im = Image.new('RGB', SIZE, PAPER)
    pen = ImageDraw.Draw(im)
    pen.text((60, 44), 'dreambooth_nb', INK, font(56, 'bold'))
    pen.text((60, 118), 'Four pictures go in; it comes out in new places. A book that runs.', FAINT, font(27))
    for row, (pictures, side, y) in enumerate(((photos, 150, 190), (after, 246, 358))):
        gap = (1080 - 4*246)//3
        for k, picture in enumerate(pictures):
            x = 60 + k*((150 + 12) if row == 0 else 246 + gap)
            im.paste(picture.resize((side, side), Image.LANCZOS), (x, y))
    return im


if __name__ == '__main__':
    photos, after = squares(figure('f005')), squares(figure('f009'))
    card(photos, after).save(nbs/'card.png', optimize=True)
    photos[2].resize((64, 64), Image.LANCZOS).save(nbs/'favicon.png', optimize=True)
