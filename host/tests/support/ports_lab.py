"""A bench of ports, as a real one: behind them an emulated bench runs freely, a unit of a maker's CA in its fixture."""

from __future__ import annotations

import contextlib
import datetime
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import yaml

from davy.bench.emulation.emulated import EmulatedSpec
from davy.bench.emulator import HOST, Addresses
from davy.bench.emulator_process import EmulatorProcess
from davy.bench.wiring import RIG_ESP32
from davy.identity import Ca, make_identifier, provision, write_unit
from davy.image.boardfile import load_board
from davy.image.build import build_program
from davy.image.calibration import nominal
from davy.image.settings import Settings

SERIAL, NAME = "GA26000077", "lab-1"
#: Seconds of the device's time in one of ours, if the machine keeps up; nothing depends on that.
SPEED = 60


@contextlib.contextmanager
def ports_lab(folder: Path, ca: Ca, settings: Settings, **more: object) -> Iterator[Addresses]:
    """The bench is up, and `bench.yaml` is in the folder, with what `more` is to be in it."""
    spec = load_board("virtual")
    calibration = replace(nominal(spec), made=datetime.date.today())
    unit = provision(ca, make_identifier("88.118.8", SERIAL), spec, settings, calibration)
    write_unit(unit, folder)
    made_of = EmulatedSpec(board="virtual", image=build_program(spec), nvs=unit.nvs, wiring=RIG_ESP32, name=NAME)
    with EmulatorProcess(made_of, speed=SPEED) as bench:
        told = {
            "schema": 1,
            "name": NAME,
            "board": "virtual",
            "calibrated": datetime.date(2026, 11, 1),
            "rig": {"port": f"socket://{HOST}:{bench.addresses.rig}"},
            "device": {"wired": f"socket://{HOST}:{bench.addresses.wired}"},
            "units": ".",
            "ca": "ca",
            "speed": SPEED,
            **more,
        }
        (folder / "bench.yaml").write_text(yaml.safe_dump(told))
        yield bench.addresses


def bench_command(lab: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`davy bench` there, with its file."""
    command = [sys.executable, "-m", "davy", "bench", *words, "--bench", "bench.yaml", "--records", "records"]
    return subprocess.run(command, cwd=lab, capture_output=True, text=True, timeout=110, check=False)
