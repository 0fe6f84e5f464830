import argparse, contextlib, datetime, importlib.metadata, json, os, platform, sys, time, traceback


PACKAGES = 'torch', 'diffusers', 'transformers', 'peft', 'accelerate'


def parse():
    p = argparse.ArgumentParser('python -m benchmarks', description='Ours against diffusers, side by side.')
    def add(name, help, **how):
        p.add_argument(name, help=help, **how)
    add('--rows', 'rows to measure; without it all of the device, or none with --growth or --peer', nargs='+',
        metavar='NAME')
    add('--device', 'cuda where there is one, else cpu', choices=['cpu', 'cuda'])
    add('--out', 'where the results go; without it they are printed', metavar='FILE.json')
    add('--peer', "diffusers' train_dreambooth.py, train_dreambooth_lora.py: whole programs against ours, by "
        'the clock and by processor time', nargs='+', default=[], metavar='FILE.py')
    add('--limit', 'seconds of a row from its third pair on; without it 60 on a CPU, 5 on a GPU', type=float,
        metavar='SECONDS')
    add('--processor', 'rows and growth by processor time, not by the time of day: for a CPU that others use '
        'too', action='store_true')
    add('--growth', 'what a run costs by its photos, class images, concepts and steps: time and memory',
        action='store_true')
    add('--quick', 'three pairs of each, few steps: does everything run?', action='store_true')
    add('--list', 'print the names of the rows', action='store_true')
    return p.parse_args()


def about(device):
    "Hardware, versions, date."
    import torch
    def version(name):
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            return None
    cpu = platform.processor()
    with contextlib.suppress(OSError, StopIteration):
        names = (line.split(':')[1] for line in open('/proc/cpuinfo') if line.startswith('model name'))
        cpu = next(names).strip()
    found = dict(date=datetime.datetime.now(datetime.timezone.utc).isoformat(timespec='seconds'),
                 device=device, cpu=cpu, threads=torch.get_num_threads(), python=platform.python_version(),
                 **{name: version(name) for name in PACKAGES})
    if device == 'cuda':
        gpu = torch.cuda.get_device_properties(0)
        found |= dict(gpu=gpu.name, gpu_memory_bytes=gpu.total_memory, cuda=torch.version.cuda,
                      cudnn=torch.backends.cudnn.version())
    return found


def attempt(f):
    "What a call found; where it fails, why."
    from .rows import Skip
    try:
        return f()
    except Skip as e:
        return dict(not_measured=str(e))
    except Exception as e:
        return dict(not_measured=f'{type(e).__name__}: {str(e).splitlines()[0] if str(e) else ""}',
                    where=traceback.format_exc().splitlines()[-6:])


def write(results, path):
    if path is None: return
    with open(path, 'w') as out:
        json.dump(results, out, indent=1)


def writable(path):
    "Ends the program, in a line, where the results could not be written: before they are measured."
    try:
        open(path, 'a').close()
    except OSError as e:
        sys.exit(f'--out: {path} cannot be written: {e.strerror}.')


def line(name, found):
    if 'not_measured' in found: return f'{name}: not measured: {found["not_measured"]}'
    r, right = found['ratio'], found['correct']
    return (f'{name}: {r["median"]:.2f}x ({r["min"]:.2f} to {r["max"]:.2f}, {r["n"]} pairs), ours '
            f'{1e3*found["ours_s"]["median"]:.1f} ms, theirs {1e3*found["theirs_s"]["median"]:.1f} ms; '
            f'{"equal" if right["within"] else "DIFFERENT"}; {found["took_s"]:.0f} s')


def told(found):
    if 'not_measured' in found: return f'not measured: {found["not_measured"]}'
    words = dict(start='to the first backward', step='a step', whole='the whole run')
    def ratio(k):
        return f'{found["ratio"][k]["median"]:.2f}x'
    ratios = (f'{what} {ratio(f"{k}_s")} ({ratio(f"{k}_processor_s")} in processor time)'
              for k, what in words.items())
    return f'{found["script"]}: {"; ".join(ratios)}'


def main():
    args = parse()
    if args.device == 'cpu': os.environ['ACCELERATE_USE_CPU'] = 'true'
    import torch
    from . import measure
    from .measure import free, matmul_peak, multiplies_bf16
    from . import switches # noqa: F401 (its rows)
    from .growth import growth
    from .programs import programs
    from .rows import ROWS, Bench, Skip
    device = args.device or ('cuda' if torch.cuda.is_available() else 'cpu')
    alone = not args.list and (args.growth or args.peer)
    names = args.rows or [name for name, (_, devices) in ROWS.items() if device in devices and not alone]
    if absent := [peer for peer in args.peer if not os.path.isfile(peer)]:
        sys.exit(f'--peer: there is no file {absent[0]}.')
    if args.out and not os.path.isdir(os.path.dirname(args.out) or '.'):
        sys.exit(f'--out: there is no folder {os.path.dirname(args.out)}.')
    if args.list: return print('\n'.join(names))
    if unknown := [name for name in names if name not in ROWS]:
        sys.exit(f'--rows: there is no {unknown[0]}; choose from {", ".join(ROWS)}.')
    if device == 'cuda' and not torch.cuda.is_available():
        sys.exit('--device: there is no GPU here; give cpu.')
    if args.out: writable(args.out)
    if args.processor: measure.clock = time.process_time
    bench = Bench(device, args.quick, args.limit)
    types = [torch.float32] + [torch.bfloat16]*multiplies_bf16(device)
    bench.peaks = {t: matmul_peak(device, t) for t in types}
    peaks = {str(t).removeprefix('torch.'): v for t, v in bench.peaks.items()}
    results = dict(about(device), clock=measure.clock.__name__, quick=args.quick, matmul_flop_per_s=peaks,
                   rows={})
    def of_row(name):
        f, devices = ROWS[name]
        if device not in devices: raise Skip(f'is a row of {devices[0]}')
        return f(bench)
    for name in names:
        start = time.perf_counter()
        found = attempt(lambda: of_row(name))
        results['rows'][name] = found | dict(took_s=time.perf_counter() - start)
        free(device)
        print(line(name, results['rows'][name]), file=sys.stderr, flush=True)
        write(results, args.out)
    if args.growth:
        results['growth'] = attempt(lambda: growth(10) if args.quick else growth())
        print(f'growth: {results["growth"].get("not_measured", "measured")}', file=sys.stderr, flush=True)
        for what, some in results['growth'].items():
            for n, r in some.items() if isinstance(some, dict) else ():
                if 'not_measured' in r:
                    print(f'{what}, {n}: not measured: {r["not_measured"]}', file=sys.stderr, flush=True)
        write(results, args.out)
    for peer in args.peer:
        found = attempt(lambda: programs(peer, n=1 if args.quick else 5))
        results.setdefault('programs', []).append(found)
        print(told(found), file=sys.stderr, flush=True)
        write(results, args.out)
    write(results, args.out)
    if not args.out: print(json.dumps(results, indent=1))


if __name__ == '__main__': main()
