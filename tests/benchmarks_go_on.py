"""What a benchmark cannot measure says why, and the rest goes on: `python tests/benchmarks_go_on.py`.

A row that fails, a row of another device, what grows, and two published scripts that end without a step. And
what grows is measured by the clock that was asked for.
"""
import json, os, sys, tempfile, time
from pathlib import Path
from unittest import mock

root = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(root))
os.chdir(root) # where `python -m benchmarks` is called

from benchmarks import __main__ as program, growth, measure, programs, rows # noqa: E402


def fails(*_):
    return [][0]


def one_run(peer, n):
    with tempfile.TemporaryDirectory() as work:
        return programs.run(str(peer), [], work, 3)


with tempfile.TemporaryDirectory() as folder:
    peers = [Path(folder)/name for name in ('train_dreambooth.py', 'train_dreambooth_lora.py')]
    for peer in peers:
        peer.write_text('', encoding='utf-8')
    out = Path(folder)/'found.json'
    flags = ['--device', 'cpu', '--rows', 'fails', 'sdxl-lora', '--growth', '--peer', *peers, '--out', out]
    with (mock.patch.dict(rows.ROWS, fails=(fails, ['cpu'])), mock.patch.object(growth, 'growth', fails),
          mock.patch.object(measure, 'matmul_peak', return_value=1.),
          mock.patch.object(programs, 'programs', one_run),
          mock.patch.object(sys, 'argv', ['benchmarks', *map(str, flags)])):
        program.main()
    found = json.loads(out.read_text(encoding='utf-8'))

reasons = [r['not_measured'] for r in (*found['rows'].values(), found['growth'], *found['programs'])]
print(*reasons, sep='\n')
assert [r.split(':')[0] for r in reasons[:3]] == ['IndexError', 'is a row of cuda', 'IndexError'], reasons
assert all(r.endswith('.py: it ended after 0 steps, and 4 are needed.') for r in reasons[3:]), reasons
assert len(reasons) == 5, reasons

with mock.patch.object(measure, 'clock', time.process_time): # --processor
    waited = growth.milliseconds(lambda: time.sleep(.2), 1)
assert waited < 100, waited
