"""Ours against diffusers' own scripts and pipelines, on one machine: `python -m benchmarks --help`."""
