"""davy as another project installs it: a wheel that carries what its virtual boards boot."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

from davy.paths import ROOT

_USE = """
import sys, tempfile
from pathlib import Path
import davy
from davy.paths import ROOT
from davy.testing.board_under_test import BoardUnderTest
assert str(ROOT).startswith(sys.argv[1]), ROOT
with tempfile.TemporaryDirectory() as folder:
    board = BoardUnderTest(Path(folder))
    board.make_ready()
    opened = board.valve
    board.set_gas(methane_ppm=15_000)
    board.run(30)
    print(opened, board.valve, board.siren)
    board.close()
"""


def test_an_installed_wheel_boots_its_own_firmware(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    subprocess.run([*command, "-w", str(tmp_path), str(ROOT)], check=True, capture_output=True, env=environment)
    installed = tmp_path / "installed"
    with zipfile.ZipFile(next(tmp_path.glob("davy-*.whl"))) as wheel:
        wheel.extractall(installed)
    done = subprocess.run(
        [sys.executable, "-c", _USE, str(installed)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
    )
    assert done.stdout.split() == ["open", "closed", "True"], done.stdout + done.stderr
