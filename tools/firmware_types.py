"""Type check of the firmware against the ESP32 port's stubs, with the same mypy that checks the host.

mypy takes MicroPython's own standard library only as a typeshed of its own, and no stubs out of site-packages: so
the installed stub files are laid out under build/ first. Every .py file below the named folders is checked.
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LAID_OUT = ROOT / "build" / "micropython-stubs"
DISTRIBUTIONS = ("micropython-esp32-stubs", "micropython-stdlib-stubs")


def lay_out_stubs() -> Path:
    """Copy the installed stubs once for each version of them; gives the folder."""
    versions = "-".join(importlib.metadata.version(name) for name in DISTRIBUTIONS)
    folder = LAID_OUT / versions
    if folder.is_dir():
        return folder
    beside = folder.with_suffix(".new")
    shutil.rmtree(beside, ignore_errors=True)
    for name in DISTRIBUTIONS:
        for file in importlib.metadata.files(name) or []:
            # The port's stubs come in one flat folder, the standard library's as a typeshed (stdlib/, stubs/).
            if ".dist-info" in str(file):
                continue
            target = beside / str(file)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(str(file.locate()), target)
    beside.rename(folder)
    return folder


def check(stubs: Path, config: str, folder: str, shared: str = "") -> int:
    """Exit status of mypy on one folder, whose modules may import each other and those of `shared` by their bare names."""
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "tools" / config)]
    command += ["--custom-typeshed-dir", str(stubs), folder]
    environment = {**os.environ, "MYPYPATH": f"{stubs}:{ROOT / folder}" + (f":{ROOT / shared}" if shared else "")}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def main() -> int:
    """0 when every file of the three trees passes."""
    stubs = lay_out_stubs()
    return max(
        check(stubs, "mypy-firmware.ini", "firmware"),
        check(stubs, "mypy-shadow.ini", "boards/virtual/shadow"),
        check(stubs, "mypy-rig.ini", "boards/rig_esp32/firmware", "firmware"),
    )


if __name__ == "__main__":
    sys.exit(main())
