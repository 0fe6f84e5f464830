"""What a benchmark cannot measure says why, and the rest goes on: `python tests/benchmarks_go_on.py`.

A row that fails; rows of another device, of numbers that the processor lacks, of more memory than is free, of
a switch that the device lacks, of a compiler that is not there; what grows; two published scripts that end
without a step, one that is of another version, and one for which memory or the disk has no room. A result
says which script it was. A file that cannot be written is found before the first row. What grows is measured
by the clock that was asked for, at small sizes for real, and its memory in a process of its own.
"""
import atexit, json, os, re, shutil, sys, tempfile, time
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

kept = tempfile.mkdtemp() # where torch finds no program that was compiled before
atexit.register(shutil.rmtree, kept, ignore_errors=True)
os.environ |= dict(CXX='/nonexistent', TORCHINDUCTOR_CACHE_DIR=kept)
import torch # noqa: E402

root = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(root))
os.chdir(root) # where `python -m benchmarks` is called

from benchmarks import __main__ as program, growth, measure, programs, rows, stopwatch, switches # noqa: E402


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
    begin = ['benchmarks', '--device', 'cpu']
    for path, why in ((f'{folder}/none/x.json', r'--out: there is no folder .*/none\.'),
                      (folder, r'--out: .* cannot be written: Is a directory\.'),
                      (f'{folder}/{"x"*300}', r'--out: .* cannot be written: File name too long\.')):
        with (mock.patch.dict(rows.ROWS, fails=(fails, ['cpu'])), # a row that no other may keep waiting
              mock.patch.object(measure, 'matmul_peak', return_value=1.),
              mock.patch.object(sys, 'argv', [*begin, '--rows', 'fails', '--out', path])):
            try:
                program.main()
                nowhere = 'measured'
            except SystemExit as e:
                nowhere = str(e)
        assert re.fullmatch(why, nowhere), nowhere
    with (mock.patch.object(measure, 'matmul_peak', return_value=1.),
          mock.patch.object(rows, 'free_memory', lambda device: 10**6),
          mock.patch.object(sys, 'argv', [*begin, '--peer', *map(str, peers), '--out', str(out)])):
        program.main() # alone: no rows
    narrow = json.loads(out.read_text(encoding='utf-8'))
    assert narrow['rows'] == {}, narrow
    no_disk = SimpleNamespace(free=10**6)
    with mock.patch.object(shutil, 'disk_usage', lambda path: no_disk):
        full = program.attempt(lambda: programs.programs(peers[0], 1))

plain = rows.Bench('cpu', False, 1)
graphs = program.attempt(lambda: switches.tuned(plain, 'CUDA graphs', cuda_graphs=True))
compiled = program.attempt(lambda: rows.ROWS['without-compile'][0](plain))
with mock.patch.object(rows, 'free_memory', lambda device: 10**6):
    many = growth.of_one(lambda n: growth.of_data(None, 'photos', n), 'photos', 1000)
results = (*found['rows'].values(), found['growth'], *found['programs'], newest, *narrow['programs'], full,
           graphs, compiled, many)
reasons = [r['not_measured'] for r in results]
print(*reasons, sep='\n')
kinds = ['IndexError', 'is a row of cuda', 'this processor has no', 'it needs .* of memory, and 0.0 are free',
         'it needs', 'IndexError', *[r'.*\.py: it ended after 0 steps, and 4 are needed\.']*2,
         '.*ImportError: it needs at least 9.0.0', r'it needs 0\.\d GB of memory, and 0.0 are free',
         r'it needs 4\.\d GB of memory', r'it needs 0\.\d GB on the disk, and 0.0 are free',
         'UserError: cuda_graphs: .*needs a CUDA device', 'no compiler: ', r'it needs 0\.1 GB of memory']
assert len(reasons) == len(kinds) and all(map(re.match, kinds, reasons)), reasons

with mock.patch.object(measure, 'clock', time.process_time): # --processor
    waited = growth.milliseconds(lambda: time.sleep(.2), 1)
assert waited < 100, waited
with mock.patch.object(growth, 'memory', lambda what, n: dict(bytes=0)): # a process for each
    small = growth.growth(10)
assert all(n <= 10 and found for some in small.values() for n, found in some.items()), small
assert {k: len(v) for k, v in small.items()} == dict(photos=1, class_images=1, concepts=3, prompts=1, steps=1,
                                                     looked_at=1), small
per_image = [growth.memory('class_images', n)['bytes']/(n + 4) for n in (500, 2000)]
assert all(abs(b/(2*4*4*64*64) - 1) < .05 for b in per_image), per_image # a mean and a deviation, float32

with mock.patch.object(stopwatch, 'open', create=True, side_effect=FileNotFoundError): # no Linux
    assert stopwatch.peak() > 1e8
with (mock.patch.object(torch.backends.mkldnn, 'is_available', lambda: False),
      mock.patch.object(torch.ops.mkldnn, '_is_mkldnn_bf16_supported', fails)):
    assert not measure.multiplies_bf16('cpu')
