#!/usr/bin/env python
"""The way of the data, drawn once for each chapter, with the chapter marked: nbs/way/*.svg.

    python .ci/make_way.py
"""
from pathlib import Path

GREY, MARK = '#7d8794', '#2f7de1'  # readable on a light page and on a dark one
BOXES = dict(  # name -> (x, y, title, what happens there)
    photos=(60, 40, 'photos', '3 to 5'),
    data=(210, 40, '00 Data', 'latents, batches'),
    losses=(370, 40, '03 Losses', 'noise, target'),
    train=(530, 40, '04 Train', 'the step'),
    sampler=(690, 40, '05 Sampler', 'guidance, solver'),
    pictures=(838, 40, 'pictures', 'in new places'),
    priors=(210, 130, '01 Priors', 'class images'),
    model=(450, 130, '02 Model', 'text, UNet, VAE'),
    evaluate=(690, 130, '06 Evaluate', 'did it work?'),
    studio=(838, 130, '08 Studio', 'by hand'),
    export=(450, 238, '07 Export', 'for other programs'),
    run=(210, 200, '09 Run', 'all of it, one call'),
)
ARROWS = [('photos', 'data'), ('data', 'losses'), ('losses', 'train'), ('train', 'sampler'),
          ('sampler', 'pictures'), ('priors', 'data'), ('model', 'priors'), ('model', 'losses'),
          ('model', 'train'), ('model', 'sampler'), ('pictures', 'evaluate'), ('studio', 'pictures'),
          ('model', 'export')]
CHAPTERS = dict(data='00', priors='01', model='02', losses='03', train='04', sampler='05',
                evaluate='06', export='07', studio='08', run='09')
W, H = 124, 50


def edge(a, b):
    "Where an arrow between two boxes begins and ends."
    (x, y), (u, v) = BOXES[a][:2], BOXES[b][:2]
    if y == v:
        side = 1 if u > x else -1
        return x + side*W/2, y, u - side*(W/2 + 3), v
    start = min(max(u, x - W/2 + 12), x + W/2 - 12)
    end = min(max(x, u - W/2 + 12), u + W/2 - 12)
    down = 1 if v > y else -1
    return start, y + down*H/2, end, v - down*(H/2 + 3)


def draw(here):
    "The SVG with one chapter marked."
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 916 266" font-family="sans-serif" '
           f'text-anchor="middle" fill="{GREY}">',
           f'<title>The way of the data; you are at {BOXES[here][2]}</title>',
           '<defs><marker id="tip" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="7" markerHeight="7" '
           f'orient="auto"><path d="M0 0L8 4L0 8z" fill="{GREY}"/></marker></defs>']
    edge_of_run = MARK if here == 'run' else GREY
    out.append(f'<path d="M{210 - W/2:.0f} 200L3 200L3 3L913 3L913 200L{210 + W/2:.0f} 200" fill="none" '
               f'stroke="{edge_of_run}" stroke-dasharray="4 5"/>')
    for a, b in ARROWS:
        x, y, u, v = edge(a, b)
        out.append(f'<path d="M{x:.0f} {y:.0f}L{u:.0f} {v:.0f}" stroke="{GREY}" marker-end="url(#tip)"/>')
    for name, (x, y, title, what) in BOXES.items():
        colour, width = (MARK, 2.5) if name == here else (GREY, 1)
        if name in CHAPTERS:
            out.append(f'<rect x="{x - W/2:.0f}" y="{y - H/2:.0f}" width="{W}" height="{H}" rx="7" '
                       f'fill="{colour}" fill-opacity="{.12 if name == here else .05}" stroke="{colour}" '
                       f'stroke-width="{width}"/>')
        weight = 'bold' if name == here else 'normal'
        out += [
            f'<text x="{x}" y="{y - 3}" font-size="15" font-weight="{weight}" fill="{colour}">{title}</text>',
            f'<text x="{x}" y="{y + 15}" font-size="12" fill="{colour}">{what}</text>',
        ]
    return '\n'.join(out + ['</svg>']) + '\n'


if __name__ == '__main__':
    folder = Path(__file__).parent.parent/'nbs'/'way'
    folder.mkdir(exist_ok=True)
    for name, number in CHAPTERS.items():
        (folder/f'{number}.svg').write_text(draw(name), encoding='utf-8', newline='\n')
