"""davy as another project installs it: a wheel that carries what its virtual boards boot."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

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


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the wheel lies, unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    subprocess.run([*command, "-w", str(folder), str(ROOT)], check=True, capture_output=True, env=environment)
    with zipfile.ZipFile(next(folder.glob("davy-*.whl"))) as wheel:
        wheel.extractall(folder / "installed")
    return folder / "installed"


def python(installed: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    return subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, check=False, cwd=folder, env=environment
    )


def test_an_installed_wheel_boots_its_own_firmware(installed: Path, tmp_path: Path) -> None:
    done = python(installed, tmp_path, "-c", _USE, str(installed))
    assert done.stdout.split() == ["open", "closed", "True"], done.stdout + done.stderr


def test_an_installed_wheel_has_its_suite_and_both_firmwares_of_a_bench(installed: Path, tmp_path: Path) -> None:
    done = python(installed, tmp_path, "-m", "davy", "bench", "run", "-k", "says_who", "--operator", "anna")
    assert done.returncode == 0, done.stdout + done.stderr
    [record] = (tmp_path / "records").rglob("VIRTUAL-1/*.json")
    assert json.loads(record.read_text())["metadata"]["git_commit"] is None  # no checkout's: it is not from one
    done = python(installed, tmp_path, "-m", "davy", "bench", "rig-image", "-o", "rig.bin")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "rig.bin").stat().st_size > 0
