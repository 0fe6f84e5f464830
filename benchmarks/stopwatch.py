"""A program that trains, with a stopwatch: `python -m benchmarks.stopwatch RESULT.json PROGRAM [FLAG ...]`.
PROGRAM is a script or a module. The first backward and each step of an optimiser that Accelerate has prepared
are noted; nothing else is changed."""
import contextlib, json, os, re, runpy, sys, time

import psutil, torch
from accelerate.optimizer import AcceleratedOptimizer


def peak():
    "The most memory that this process has held, bytes: of the program alone, not of who started it."
    with contextlib.suppress(OSError, TypeError): # Linux
        with open('/proc/self/status') as file:
            return 1024*int(re.search(r'VmHWM:\s*(\d+)', file.read())[1])
    if os.name == 'nt': return psutil.Process().memory_info().peak_wset
    import resource
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss*(1 if sys.platform == 'darwin' else 1024)


def main():
    result, program, *arguments = sys.argv[1:]
    began, steps, starts = psutil.Process().create_time(), [], []
    step, backward = AcceleratedOptimizer.step, torch.Tensor.backward

    def now():
        return time.time() - began, time.process_time()

    def timed(self, *args, **kwargs):
        out = step(self, *args, **kwargs)
        steps.append(now())
        return out

    def noted(self, *args, **kwargs):
        if not starts and type(self) is torch.Tensor: # no fake one, of a forecast
            starts.append(now())
        return backward(self, *args, **kwargs)

    AcceleratedOptimizer.step, torch.Tensor.backward, sys.argv = timed, noted, [program, *arguments]
    sys.path[0] = os.path.dirname(os.path.abspath(program)) if program.endswith('.py') else os.getcwd()
    try:
        if program.endswith('.py'): runpy.run_path(program, run_name='__main__')
        else: runpy.run_module(program, run_name='__main__', alter_sys=True)
    except SystemExit as e:
        if e.code: raise
    finally:
        found = dict(starts=starts, steps=steps, whole=now(), peak=peak())
        with open(result, 'w') as file:
            json.dump(found, file)


if __name__ == '__main__': main()
