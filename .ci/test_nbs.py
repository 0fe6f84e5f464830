#!/usr/bin/env python
"""Run the notebooks as tests, each in a process of its own, and count.

    python .ci/test_nbs.py                        all notebooks; not the cells that tst_flags name
    python .ci/test_nbs.py '0*' 'micro/*'         those that match
    python .ci/test_nbs.py --flags 'slow cuda'    run those cells too

The cells are chosen and run by nbdev.test.test_nb, as in nbdev_test; but nbdev_test shares worker
processes between notebooks, says only "Success." and is content when nothing matched. On Linux the
libraries are loaded once and each notebook begins in a fork, which loads the package itself. The book is run
from its end: what comes late does more and takes longer, so that no long notebook is left alone at the end.
The last line is `N passed, N failed`; the exit code is 0 only when at least one notebook ran and none failed.
"""
import argparse, gc, importlib, multiprocessing, os, sys, tempfile, time
from multiprocessing.connection import wait
from pathlib import Path

from nbdev.config import get_config
from nbdev.doclinks import nbglob

OK, FAIL, NOT_RUN = 0, 1, 5
ENV = dict(OMP_NUM_THREADS='1', HF_HUB_OFFLINE='1', PYTHONIOENCODING='utf-8')


def load_libraries():
    """Import all that the package imports, and forget the package. What the libraries have made stays: no
    fork looks for garbage among it."""
    sys.path.insert(0, str(get_config().config_path))
    importlib.import_module('dreambooth_nb.run')
    for name in [m for m in sys.modules if m.partition('.')[0] == 'dreambooth_nb']:
        del sys.modules[name]
    gc.collect()
    gc.freeze()


def run_one(nb, flags):
    "In the child: run one notebook here and exit with OK, FAIL or NOT_RUN."
    from nbdev.frontmatter import FrontmatterProc
    from nbdev.process import NBProcessor
    from nbdev.test import test_nb
    cfg = get_config()
    frontmatter = getattr(NBProcessor(nb, procs=FrontmatterProc, process=True).nb, 'frontmatter_', {})
    if str(frontmatter.get('skip_exec', False)).lower() == 'true': return NOT_RUN
    passed, _ = test_nb(nb, skip_flags=cfg.tst_flags.split(), force_flags=flags, basepath=cfg.config_path)
    return OK if passed else FAIL


def run_child(nb, flags, log):
    "In the child: what the notebook prints goes into a file, and the exit code says how it went."
    with open(log, 'wb') as out:
        for stream in (1, 2):
            os.dup2(out.fileno(), stream)
    sys.exit(run_one(nb, flags))


def run_all(nbs, args, report):
    "Run notebooks, some at a time; `report` is told of each: its path, exit code, seconds, what it printed."
    here = multiprocessing.get_context('fork' if sys.platform == 'linux' else 'spawn')
    todo, running = list(nbs), {}
    with tempfile.TemporaryDirectory() as folder:
        while todo or running:
            while todo and len(running) < args.workers:
                nb, log = todo.pop(0), Path(folder, f'{len(todo)}.log')
                child = here.Process(target=run_child, args=(nb, args.flags.split(), log))
                child.start()
                running[child] = nb, log, time.perf_counter()
            wait([child.sentinel for child in running], timeout=1)
            for child, (nb, log, start) in list(running.items()):
                seconds = time.perf_counter() - start
                late = child.is_alive() and seconds > args.timeout
                if late: child.kill()
                elif child.is_alive(): continue
                child.join()
                said = log.read_text(encoding='utf-8', errors='replace') if log.is_file() else ''
                if late: said += f'\nstopped: not finished after {args.timeout:g} s'
                report(nb, child.exitcode, seconds, said)
                del running[child]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument(
        'patterns',
        nargs='*',
        help='paths or globs of notebooks, relative to the notebook folder (default: all)',
    )
    p.add_argument('--flags', default='', help='space separated test flags to run as well')
    p.add_argument('--workers', type=int, default=2, help='notebooks at a time')
    p.add_argument('--timeout', type=float, default=900, help='seconds for one notebook')
    args = p.parse_args()
    os.environ.update(ENV)  # one thread a process: the notebooks share the cores
    sys.stdout.reconfigure(errors='replace')  # a pipe on Windows has not all letters

    os.chdir(get_config().config_path)
    root = get_config().nbs_path.absolute()
    nbs = sorted((f.absolute() for f in nbglob(as_path=True)), reverse=True) # the short first chapters last
    if args.patterns: nbs = [f for f in nbs if any(f.relative_to(root).match(o) for o in args.patterns)]
    counts = {OK: 0, FAIL: 0, NOT_RUN: 0}
    if not nbs: print(f"no notebook in {root} matches {' '.join(args.patterns) or '*.ipynb'}")
    if sys.platform == 'linux' and nbs: load_libraries()

    def report(nb, code, seconds, said):
        status = {OK: 'ok', NOT_RUN: 'not run (skip_exec)'}.get(code, 'FAIL')
        counts[code if code in counts else FAIL] += 1
        print(f'{nb.relative_to(root)}  {seconds:.1f} s  {status}', flush=True)
        if status == 'FAIL': print(f'{said.rstrip()}\n(exit code {code})\n', flush=True)

    run_all(nbs, args, report)
    print(f'{counts[OK]} passed, {counts[FAIL]} failed')
    sys.exit(0 if counts[OK] and not counts[FAIL] else 1)


if __name__ == '__main__': main()
