#!/usr/bin/env python
"""Use the studio of chapter 08 as a person would, in JupyterLab in a headless Chromium.

    python .ci/browser_test.py [--screenshot FILE.jpg]

A server starts on a free port, with everything it writes in a temporary folder; a small notebook makes a
`Studio`; Playwright runs it, moves the guidance slider, generates, watches the previews, looks closer,
pins, compares, cancels a run, and stops a training run. An error in the browser's console fails the test.
The last line says `ok` or what went wrong; the exit code is 0 only for `ok`.

At widths from a phone's to a wide window's nothing of the studio is wider than its place, and the picture
that is looked at stays where it is when new ones come. `--looks FOLDER` keeps pictures of the studio and of
the view of training, wide and narrow, light and dark.
"""
import argparse, os, re, shutil, signal, socket, subprocess, sys, tempfile, time, urllib.request
from pathlib import Path

HARMLESS = (  # JupyterLab's own, with nobody logged in and no network
    'favicon.ico',
    'Autofill',
    'api/me?',
    'api/translations',
    'the server responded with a status of 404 (Not Found)',
)

CELLS = [
    """from dreambooth_nb.studio import Studio
studio = Studio('micro', 'a photo of a red teapot on the beach', identifier='red', num_inference_steps=10)
studio""",
    """from pathlib import Path
from dreambooth_nb.core import to_pil
from dreambooth_nb.micro.world import instance_scenes, render, subject
from dreambooth_nb.craft.latents import LatentCache
from dreambooth_nb.data import Batches, Concept, Geometry
from dreambooth_nb.craft.opening import load
from dreambooth_nb.craft.settings import TrainConfig
from dreambooth_nb.train import train
from dreambooth_nb.craft.training_view import TrainingView
Path('photos').mkdir()
for k, photo in enumerate(to_pil(render(instance_scenes(subject('teapot'))).pictures)):
    photo.save(f'photos/{k}.png')
cfg = TrainConfig('photos', 'a photo of a sks teapot', 'run', with_prior_preservation=False,
                  train_batch_size=1, max_train_steps=500)
model = load('micro')
examples = Concept(cfg.instance_data_dir, cfg.instance_prompt).examples()
cache = LatentCache.from_examples(examples, Geometry(model.resolution), model.encode_images)
data = Batches(cache, None, 1, 0)
view = TrainingView(['a photo of a sks teapot', 'a photo of a sks teapot in the snow'],
                    every=2, redraw=1, num_inference_steps=4)
view.run(lambda: train(model, data, cfg, [view], progress=False))""",
    """view.run(lambda: None)""",
]


def find_chromium():
    "Where a Chromium is; as root on Debian it is installed where missing."

    def look():
        return next(filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome'))), None)
    if not look() and hasattr(os, 'geteuid') and os.geteuid() == 0 and shutil.which('apt-get'):
        for command in (
            ['apt-get', 'update'],
            ['apt-get', 'install', '-y', '--no-install-recommends', 'chromium'],
        ):
            subprocess.run(
                command,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, 'DEBIAN_FRONTEND': 'noninteractive'},
                timeout=300,
            )
    if not look():
        sys.exit(
            'browser test: there is no Chromium; install it (Debian: apt-get install chromium, others: '
            'playwright install chromium and put it on the PATH).'
        )
    return look()


def make_notebook(path):
    "A notebook with CELLS."
    import nbformat

    nb = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(c) for c in CELLS],
        metadata=dict(kernelspec=dict(name='python3', display_name='python3', language='python')),
    )
    nbformat.write(nb, path)


def start_server(folder):
    "JupyterLab on a free port: (process, address)."
    news = Path(folder, 'settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings')
    news.parent.mkdir(parents=True)
    news.write_text('{"fetchNews": "false", "checkForUpdates": false}')
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        port = s.getsockname()[1]
    env = {
        **os.environ,
        'OMP_NUM_THREADS': '1',
        'HF_HUB_OFFLINE': '1',
        'IPYTHONDIR': f'{folder}/ipython',
        **{f'JUPYTER_{k}_DIR': f'{folder}/{k}' for k in ('CONFIG', 'DATA', 'RUNTIME')},
        'JUPYTERLAB_SETTINGS_DIR': f'{folder}/settings',
        'JUPYTERLAB_WORKSPACES_DIR': f'{folder}/workspaces',
    }
    server = subprocess.Popen(
        [
            sys.executable,
            '-m',
            'jupyterlab',
            '--no-browser',
            '--allow-root',
            '--ip=127.0.0.1',
            f'--port={port}',
            '--ServerApp.port_retries=0',
            '--IdentityProvider.token=',
            f'--ServerApp.root_dir={folder}/work',
            '--LabApp.news_url=None',
            '--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate',
            '--LabApp.expose_app_in_browser=True',
        ],
        env=env,
        stdout=open(f'{folder}/server.log', 'w'),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    address = f'http://127.0.0.1:{port}'
    for _ in range(600):
        try:
            urllib.request.urlopen(f'{address}/api', timeout=1)
            return server, address
        except OSError:
            time.sleep(0.1)
        if server.poll() is not None: break
    raise AssertionError(f'JupyterLab did not start: {Path(folder, "server.log").read_text()[-1000:]}')


WATCH = """() => {
  window.seen = new Set();
  window.painting = false;
  const box = document.querySelector('.dn-studio');
  new MutationObserver(() => {
    const img = box.querySelector('.dn-gallery .dn-cell img');
    if (img) window.seen.add(img.src);
    if (box.textContent.includes('Painting')) window.painting = true;
  }).observe(box, {subtree: true, childList: true, characterData: true, attributes: true,
                   attributeFilter: ['src']});
}"""
PIXELS = """img => {
  const canvas = document.createElement('canvas');
  canvas.width = img.naturalWidth;
  canvas.height = img.naturalHeight;
  canvas.getContext('2d').drawImage(img, 0, 0);
  return canvas.toDataURL();
}"""


TOO_WIDE = """box => {
  const right = box.getBoundingClientRect().right, scrolls = el => el.closest('.dn-gallery') && el !== box;
  const wide = [...box.querySelectorAll('*')].filter(el => {
    const r = el.getBoundingClientRect();
    return r.width && r.right > right + 1 && !scrolls(el) && !el.closest('.noUi-target, .ui-slider');
  });
  return wide.slice(0, 5).map(el => `${el.tagName} ${el.className} ${el.textContent.slice(0, 40)}`);
}"""
# how far an element moves up or down on the screen, from now on
STAY = """el => {
  const start = el.getBoundingClientRect().top;
  const watched = window.watched = {};
  window.moved = 0;
  (function look() {
    if (window.watched !== watched) return;
    window.moved = Math.max(window.moved, Math.abs(el.getBoundingClientRect().top - start));
    requestAnimationFrame(look);
  })();
}"""
WIDTHS = 390, 540, 768, 1024, 1400


def look_at(page, box, name, folder):
    "Every width: nothing is wider than its place. Wide and narrow, light and dark, for whoever looks."
    was = page.viewport_size
    for theme in ('Light', 'Dark') if folder else ('Light',):
        if folder: set_theme(page, f'JupyterLab {theme}')
        for width in WIDTHS:
            page.set_viewport_size(dict(width=width, height=2000))
            page.wait_for_timeout(400)
            if folder and width in (WIDTHS[0], WIDTHS[-1]):
                box.screenshot(path=f'{folder}/{name}_{width}_{theme.lower()}.png')
            wide = box.evaluate(TOO_WIDE)
            assert not wide, f'{name} at {width} pixels is wider than its place: {wide}'
    if folder: set_theme(page, 'JupyterLab Light')
    page.set_viewport_size(was)
    page.wait_for_timeout(400)


def set_theme(page, name):
    "JupyterLab's own way."
    page.evaluate(
        """name => {
      const app = window.jupyterapp || window.jupyterlab;
      return app.commands.execute('apputils:change-theme', {theme: name});
    }""",
        name,
    )
    page.wait_for_timeout(700)


def keep(page, box, path):
    "A picture of a widget in JupyterLab's light theme, and one in the dark theme, with `_dark` in its name."
    how = dict(type='jpeg', quality=85) if path.suffix == '.jpg' else {}
    for theme, end in (('Light', ''), ('Dark', '_dark')):
        set_theme(page, f'JupyterLab {theme}')
        box.screenshot(path=path.with_stem(path.stem + end), **how)
    set_theme(page, 'JupyterLab Light')


def use_studio(page, screenshot, looks):
    "What a person does. Raises AssertionError, or a Playwright error, when something does not happen."
    box = page.locator('.dn-studio').first
    def click(name):
        page.get_by_role('button', name=name, exact=True).first.click()
    def status(text, seconds=60):
        box.get_by_text(text).first.wait_for(timeout=seconds*1000)
    def picture(k=0):
        return page.locator('.dn-gallery .dn-cell img').nth(k).evaluate(PIXELS)
    def field(name):
        return box.locator('.widget-inline-hbox', has_text=name).first
    def slide(name, key, times):
        field(name).locator('.noUi-handle, .ui-slider-handle').first.focus()
        for _ in range(times):
            page.keyboard.press(key)
        page.wait_for_timeout(500)  # sliders tell the kernel now and then
    def generate(then):
        page.evaluate('window.seen.clear(); window.painting = false')
        click('Generate')
        page.wait_for_function('window.painting')
        status(then)

    status('Ready: press Generate.', 150)
    page.evaluate(WATCH)
    generate('4 pictures in')
    first = picture()
    slide('guidance', 'ArrowLeft', 8)
    field('guidance').get_by_text('1.0').wait_for()  # 5 to 1, by halves
    generate('4 pictures in')
    assert picture() != first, 'the picture did not change with the guidance scale'
    assert page.evaluate('window.seen.size') >= 4, (
        'no previews were seen on the way'
    )  # grey, previews, the picture
    status('guidance 1 ')
    click('Pin')
    slide('guidance', 'ArrowRight', 10)
    generate('guidance 6 ')
    page.locator('.dn-gallery .dn-cell').nth(1).click()
    status('seed 1 ')
    page.locator('.dn-gallery .dn-cell').nth(0).click()
    status('seed 0 ')
    wiped = page.locator('.dn-wipe img')
    before = wiped.evaluate(PIXELS)
    slide('wipe', 'ArrowRight', 5)
    page.wait_for_timeout(500)
    assert wiped.evaluate(PIXELS) != before, 'the border between before and after did not move'
    if screenshot: keep(page, box, Path(screenshot))
    look_at(page, box, 'studio', looks)
    click('Compare in a grid') if page.get_by_role(
        'button', name='Compare in a grid'
    ).count() else box.get_by_text('Compare in a grid').click()
    field('rows').locator('select').select_option('guidance scale')
    values = box.locator('input[placeholder=values]').first
    values.fill('1, much')
    values.press('Enter')
    click('Generate')
    status('guidance_scale: ')  # wrong input is one line
    values.fill('1, 6')
    values.press('Enter')
    box.get_by_text(re.compile('2 x 4 = 8 pictures, about [0-9]+ s')).wait_for()  # before it is pressed
    generate('8 pictures in')
    assert page.locator('.dn-gallery .dn-cell img').count() == 8
    look_at(page, box, 'comparison', looks)
    stay(page, box, values)
    slide('steps', 'ArrowRight', 40)
    slide('guidance', 'ArrowRight', 1)
    values.fill('2, 7')
    values.press('Enter')
    generate('Painting')
    for name in ('Generate', 'Vary'):
        assert page.get_by_role('button', name=name, exact=True).is_disabled()
    click('Cancel')
    start = time.time()
    status('Cancelled')
    print(f'cancelled {time.time() - start:.1f} s after the click')
    for name in ('Generate', 'Vary'):
        assert page.get_by_role('button', name=name, exact=True).is_enabled()


def stay(page, box, values):
    "The picture looked at stays where it is on the screen, and chosen, while a gallery with more rows comes."
    was = page.viewport_size
    cells, large = page.locator('.dn-gallery .dn-cell'), page.locator('.dn-stage img').first
    for width, scales in ((1240, '3, 6, 8'), (390, '2, 7')):
        page.set_viewport_size(dict(width=width, height=500))
        cells.nth(5).click()
        page.wait_for_function("document.querySelectorAll('.dn-gallery .dn-cell')[5].matches('.dn-chosen')")
        values.fill(scales)
        values.press('Enter')
        box.get_by_text(f'{len(scales.split())} x 4 = ').first.wait_for()
        large.scroll_into_view_if_needed()
        rests, top = 0, None
        while rests < 10:  # JupyterLab, too, lays out anew after a window changed
            page.wait_for_timeout(100)
            was_at, top = top, large.bounding_box()['y']
            rests = rests + 1 if top == was_at else 0
        large.evaluate(STAY)
        page.evaluate("window.painting = false")
        page.get_by_role('button', name='Generate', exact=True).dispatch_event('click')
        page.wait_for_function('window.painting')
        box.get_by_text(f'{4*len(scales.split())} pictures in').first.wait_for(timeout=60000)
        page.wait_for_timeout(300)
        moved = page.evaluate('window.moved')
        print(f'{width} wide: the picture looked at moved by {moved:.0f} pixels')
        assert moved <= 40, f'the picture looked at moved by {moved} pixels'
        assert 'dn-chosen' in cells.nth(5).get_attribute('class'), 'another picture is chosen now'
    page.set_viewport_size(was)


def watch_training(page, screenshot, looks):
    "See the loss and the pictures come, see that a second run is refused, and stop the run."
    box = page.locator('.dn-training').first
    box.get_by_text('of 500').wait_for(timeout=90000)
    box.locator('svg polyline').nth(1).wait_for(state='attached')
    box.locator('img').nth(1).wait_for(timeout=60000)
    page.locator('.jp-Notebook .jp-CodeCell').nth(2).locator('.cm-content, .CodeMirror').click()
    page.keyboard.press('Shift+Enter')
    page.get_by_text('busy: another run is going on here').last.wait_for(timeout=60000)
    if screenshot:
        page.wait_for_timeout(4000)
        keep(page, box, Path(screenshot).with_stem(Path(screenshot).stem + '_training'))
    look_at(page, box, 'training', looks)
    page.get_by_role('button', name='Generate', exact=True).click()
    page.locator('.dn-studio').first.get_by_text('busy: another run is going on').wait_for()
    page.get_by_role('button', name='Stop the run').click()
    box.get_by_text('Stopped after step').wait_for(timeout=60000)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--screenshot', help='keep pictures of the studio here, light and dark (.jpg or .png)')
    p.add_argument('--looks', help='keep pictures, wide and narrow, light and dark, in this folder')
    p.add_argument('--failure', help='keep a picture of the page here when the test fails')
    args = p.parse_args()
    start, errors, server = time.time(), [], None
    from playwright.sync_api import Error, sync_playwright
    chromium = find_chromium()
    with tempfile.TemporaryDirectory(prefix='studio.', ignore_cleanup_errors=True) as folder:
        Path(folder, 'work').mkdir()
        make_notebook(Path(folder, 'work', 'studio.ipynb'))
        try:
            server, address = start_server(folder)
            with sync_playwright() as play:
                browser = play.chromium.launch(executable_path=chromium, args=['--no-sandbox'])
                page = browser.new_page(viewport=dict(width=1240, height=1400))
                page.on(
                    'console',
                    lambda m: (
                        errors.append(f'{m.text} {m.location.get("url", "")}') if m.type == 'error' else None
                    ),
                )
                page.on('pageerror', lambda e: errors.append(str(e)))
                try:
                    page.goto(f'{address}/doc/tree/studio.ipynb')
                    page.locator('.jp-Notebook .jp-CodeCell').first.click(timeout=60000)
                    page.get_by_text('| Idle').first.wait_for(timeout=60000)  # the kernel is there
                    page.keyboard.press('Shift+Enter')
                    use_studio(page, args.screenshot, args.looks)
                    page.locator('.jp-Notebook .jp-CodeCell').nth(1).locator(
                        '.cm-content, .CodeMirror'
                    ).click()
                    page.keyboard.press('Shift+Enter')
                    watch_training(page, args.screenshot, args.looks)
                except (Error, AssertionError) as e:
                    errors.append(str(e))
                    if args.failure: page.screenshot(path=args.failure)
                browser.close()
        except AssertionError as e:
            errors.append(str(e))
        finally:
            if server and server.poll() is None:
                if hasattr(os, 'killpg'): os.killpg(server.pid, signal.SIGTERM)  # and the kernels
                else: server.terminate()
                server.wait(20)
    errors = [e for e in errors if not any(h in e for h in HARMLESS)]
    print('\n'.join(f'browser test: {e}' for e in errors) or f'ok: {time.time() - start:.0f} s')
    sys.exit(bool(errors))


if __name__ == '__main__': main()
