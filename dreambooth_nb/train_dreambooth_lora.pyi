# Made by .ci/make_stubs.py: change the notebook.
from collections.abc import Iterator
from dataclasses import field
from typing import Any, ClassVar
import sys
from .craft.old_commands import run_old_command
__all__ = []
