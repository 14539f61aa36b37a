"""A bench of ports and of the wall clock, as a real one: behind its ports an emulated bench runs freely."""

from __future__ import annotations

import datetime
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from davy.bench.emulation.emulated import EmulatedSpec
from davy.bench.emulator import HOST
from davy.bench.emulator_process import EmulatorProcess
from davy.bench.wiring import RIG_ESP32
from davy.identity import Ca, create_ca, make_identifier, provision, write_unit
from davy.image.boardfile import load_board
from davy.image.build import build_program
from davy.image.calibration import nominal
from davy.image.settings import Settings

SERIAL = "GA26000077"
#: A minute of the device's time passes in this many seconds' sixtieth; a busy machine may lag behind, and nothing depends on it.
SPEED = 60


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a bench file, its units and their CA; the bench is up, a provisioned unit in its fixture."""
    folder = tmp_path_factory.mktemp("lab")
    spec = load_board("virtual")
    ca = create_ca(folder / "ca")
    calibration = replace(nominal(spec), made=datetime.date.today())
    settings = Settings.wired_only()
    unit = provision(ca, make_identifier("88.118.8", SERIAL), spec, settings, calibration)
    write_unit(unit, folder)
    image = build_program(spec)
    made_of = EmulatedSpec(board="virtual", image=image, nvs=unit.nvs, wiring=RIG_ESP32, name="lab-1")
    with EmulatorProcess(made_of, speed=SPEED) as bench:
        told = {
            "schema": 1,
            "name": "lab-1",
            "board": "virtual",
            "calibrated": datetime.date(2026, 11, 1),
            "rig": {"port": f"socket://{HOST}:{bench.addresses.rig}"},
            "device": {"wired": f"socket://{HOST}:{bench.addresses.wired}"},
            "units": ".",
            "ca": "ca",
            "speed": SPEED,
        }
        (folder / "bench.yaml").write_text(yaml.safe_dump(told))
        yield folder


def run(lab: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "davy", "bench", *words, "--bench", "bench.yaml", "--records", "records"]
    return subprocess.run(command, cwd=lab, capture_output=True, text=True, timeout=110, check=False)


def test_the_suite_runs_unchanged_by_the_wall_clock(lab: Path) -> None:
    names = "proves_who or button_opens_it or leak_sounds or says_who or one_after_the_other or preheat_is_shown"
    done = run(lab, "run", "--serial", SERIAL, "-k", names)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"PASS  {SERIAL} on lab-1: 6 passed" in done.stdout
    assert re.search(r"waiting until the device is ready: 1[0-9]{2} s of preheat", done.stdout)
    record = json.loads(next((lab / "records" / SERIAL).glob("*.json")).read_text())
    assert record["dut_id"] == SERIAL
    assert record["metadata"]["bench"]["calibrated"] == "2026-11-01"


def test_such_a_bench_says_what_it_lacks(lab: Path) -> None:
    done = run(lab, "run", "--serial", SERIAL, "-k", "full_flash or climate or reaches_the_monitor")
    assert "bench lab-1 has no way into the device's file system" in done.stdout
    assert "bench lab-1 has no climate chamber" in done.stdout
    assert "bench lab-1 has no network" in done.stdout


def test_its_own_check_needs_no_device(lab: Path) -> None:
    done = run(lab, "check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SOUND  lab-1" in done.stdout


def test_a_device_without_a_serial_is_not_judged(lab: Path) -> None:
    done = run(lab, "run")
    assert done.returncode == 2
    assert "--serial" in done.stderr


def test_another_device_in_the_fixture_is_the_bench_s_error(lab: Path) -> None:
    folder, other = lab / "GA26000078", lab / SERIAL
    if not folder.exists():
        ca = Ca.load(lab / "ca")
        spec = load_board("virtual")
        write_unit(provision(ca, make_identifier("88.118.8", folder.name), spec, Settings.wired_only()), lab)
    assert other.exists()
    done = run(lab, "run", "--serial", folder.name, "-k", "says_who")
    assert done.returncode == 3, done.stdout + done.stderr
    assert f"holds 88.118.8/{SERIAL}, not 88.118.8/{folder.name}" in done.stdout
    assert "FAIL" not in done.stdout
