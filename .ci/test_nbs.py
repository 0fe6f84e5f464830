#!/usr/bin/env python
"""Run the notebooks as tests, each in a fresh process, and count.

    python .ci/test_nbs.py                        all notebooks; not the cells that tst_flags name
    python .ci/test_nbs.py '0*' 'micro/*'         those that match
    python .ci/test_nbs.py --flags 'slow cuda'    run those cells too

The cells are chosen and run by nbdev.test.test_nb, as in nbdev_test; but nbdev_test shares worker
processes between notebooks, says only "Success." and is content when nothing matched. The last line is `N
passed, N failed`; the exit code is 0 only when at least one notebook ran and none failed.
"""
import argparse, os, subprocess, sys, time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from nbdev.config import get_config
from nbdev.doclinks import nbglob

OK, FAIL, NOT_RUN = 0, 1, 5


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


def run_child(nb, args):
    "Run one notebook in a fresh process: (exit code, seconds, what it printed)."
    env = {**os.environ, 'OMP_NUM_THREADS': '1', 'HF_HUB_OFFLINE': '1', 'PYTHONUNBUFFERED': '1',
           'PYTHONIOENCODING': 'utf-8'}
    cmd = [sys.executable, str(Path(__file__).resolve()), '--child', str(nb), '--flags', args.flags]
    start = time.perf_counter()
    try:
        done = subprocess.run(
            cmd,
            env=env,
            cwd=get_config().config_path,
            timeout=args.timeout,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        code, output = done.returncode, done.stdout.decode(errors='replace')
    except subprocess.TimeoutExpired as e:
        code, output = (
            FAIL,
            f"{(e.stdout or b'').decode(errors='replace')}\nstopped: not finished after {args.timeout:g} s",
        )
    return code, time.perf_counter() - start, output


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
    p.add_argument('--child', help=argparse.SUPPRESS)
    args = p.parse_args()
    sys.stdout.reconfigure(errors='replace')  # a pipe on Windows has not all letters
    if args.child: sys.exit(run_one(Path(args.child), args.flags.split()))

    root = get_config().nbs_path
    nbs = sorted(f.absolute() for f in nbglob(as_path=True))
    if args.patterns:
        nbs = [f for f in nbs if any(f.relative_to(root.absolute()).match(o) for o in args.patterns)]
    counts = {OK: 0, FAIL: 0, NOT_RUN: 0}
    if not nbs: print(f"no notebook in {root} matches {' '.join(args.patterns) or '*.ipynb'}")
    with ThreadPoolExecutor(args.workers) as pool:
        jobs = {pool.submit(run_child, f, args): f for f in nbs}
        for job in as_completed(jobs):
            code, seconds, output = job.result()
            status = {OK: 'ok', NOT_RUN: 'not run (skip_exec)'}.get(code, 'FAIL')
            counts[code if code in counts else FAIL] += 1
            print(f'{jobs[job].relative_to(root.absolute())}  {seconds:.1f} s  {status}', flush=True)
            if status == 'FAIL': print(f'{output.rstrip()}\n(exit code {code})\n', flush=True)
    print(f'{counts[OK]} passed, {counts[FAIL]} failed')
    sys.exit(0 if counts[OK] and not counts[FAIL] else 1)


if __name__ == '__main__': main()
