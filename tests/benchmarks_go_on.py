"""What a benchmark cannot measure says why, and the rest goes on: `python tests/benchmarks_go_on.py`.

A row that fails; rows of another device, of numbers that the processor lacks, of more memory than is free;
what grows; two published scripts that end without a step, and one that is of another version. A result says
which script it was. What grows is measured by the clock that was asked for, and at small sizes for real.
"""
import json, os, re, sys, tempfile, time
from pathlib import Path
from unittest import mock

import torch

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
    names = ['fails', 'sdxl-lora', 'tinyxl-lora', 'tiny-lora', 'tiny-sample-1']
    flags = ['--device', 'cpu', '--quick', '--rows', *names, '--growth', '--peer', *peers, '--out', out]
    with (mock.patch.dict(rows.ROWS, fails=(fails, ['cpu'])), mock.patch.object(growth, 'growth', fails),
          mock.patch.object(measure, 'matmul_peak', return_value=1.),
          mock.patch.object(programs, 'programs', one_run),
          mock.patch.object(torch.ops.mkldnn, '_is_mkldnn_bf16_supported', lambda: False),
          mock.patch.object(rows, 'free_memory', lambda device: 10**6),
          mock.patch.object(sys, 'argv', ['benchmarks', *map(str, flags)])):
        program.main()
    found = json.loads(out.read_text(encoding='utf-8'))
    newer = 'raise ImportError("it needs at least 9.0.0, but the version found is another.\\n")'
    peers[0].write_text(f'def check_min_version(least): {newer}\ncheck_min_version("9.0.0")\n')
    newest = program.attempt(lambda: one_run(peers[0], 1))
    assert programs.which(peers[0])['least_diffusers'] == '9.0.0'
    with mock.patch.object(sys, 'argv', ['benchmarks', '--out', f'{folder}/none/x.json']):
        try:
            program.main()
        except SystemExit as e:
            nowhere = str(e)
    assert nowhere.startswith('--out: there is no folder '), nowhere

reasons = [r['not_measured'] for r in (*found['rows'].values(), found['growth'], *found['programs'], newest)]
print(*reasons, sep='\n')
kinds = ['IndexError', 'is a row of cuda', 'this processor has no', 'it needs .* of memory, and 0.0 are free',
         'it needs', 'IndexError', *[r'.*\.py: it ended after 0 steps, and 4 are needed\.']*2,
         '.*ImportError: it needs at least 9.0.0']
assert len(reasons) == len(kinds) and all(map(re.match, kinds, reasons)), reasons

with mock.patch.object(measure, 'clock', time.process_time): # --processor
    waited = growth.milliseconds(lambda: time.sleep(.2), 1)
assert waited < 100, waited
small = growth.growth(10)
assert all(n <= 10 and found for some in small.values() for n, found in some.items()), small
assert {k: len(v) for k, v in small.items()} == dict(photos=1, class_images=1, concepts=3, prompts=1, steps=1,
                                                     looked_at=1), small
