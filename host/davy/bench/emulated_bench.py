"""A bench around an emulated rig and device: with a unit made for the run, and a broker and a monitor of its own."""

from __future__ import annotations

import contextlib
import datetime
import tempfile
from dataclasses import replace
from pathlib import Path

from davy.bench.bench import Bench
from davy.bench.device import Device
from davy.bench.errors import BenchError
from davy.bench.lines import CobsFrames
from davy.bench.network import BenchNetwork, Services, enrolment_of
from davy.bench.remote import RemoteBench
from davy.bench.remote_parts import RemoteClimate, RemoteProgrammer, RemoteStorage
from davy.bench.rig import Rig
from davy.bench.serial_rig import SerialRig
from davy.bench.unit_made import BROKER_NAME, make_unit
from davy.image.boardfile import load_board
from davy.image.build import build_program
from davy.image.calibration import nominal
from davy.paths import FIRMWARE


def open_emulated(
    address: str, name: str, serial: str, firmware: Path = FIRMWARE, calibrated: str = "", board: str = ""
) -> Bench:
    """Connect to `davy bench emulate` at HOST:PORT of its control port; `board` is what should be in the fixture, if that is known.

    Raises BenchError and InputError.
    """
    with contextlib.ExitStack() as stack:
        remote = RemoteBench(address)
        stack.callback(remote.close)
        there = str(remote.about["board"])
        if board and load_board(board).name != there:
            raise BenchError(
                "device",
                "the fixture",
                f"holds a board {there}, not {board}",
                "name the right board in the bench's file",
            )
        rig = SerialRig(remote.rig, remote.clock, remote.wiring)
        stack.callback(rig.close)
        bench = emulated_bench(remote, rig, there, name, serial, firmware, calibrated)
        stack.callback(bench.close)
        return replace(bench, close=stack.pop_all().close)


def emulated_bench(
    remote: RemoteBench, rig: Rig, board: str, name: str, serial: str, firmware: Path = FIRMWARE, calibrated: str = ""
) -> Bench:
    """On a connection that is somebody else's to close; the bench's `close` ends its broker and monitor."""
    spec = load_board(board)
    calibration = replace(nominal(spec), made=datetime.date.today())
    image = build_program(spec, firmware)
    with tempfile.TemporaryDirectory(prefix="davy-bench-") as folder:
        made = make_unit(Path(folder), serial, spec, calibration)
    services = Services(enrolment_of(made.unit, made.known.secret))
    try:
        remote.hosts({BROKER_NAME: services.address})
    except BaseException:
        services.close()
        raise
    return Bench(
        name=name,
        kind="emulated",
        clock=remote.clock,
        rig=rig,
        spec=spec,
        unit=made.known,
        calibration=calibration,
        device=Device(CobsFrames(remote.wired), remote.clock, made.known),
        programmer=RemoteProgrammer(remote, rig),
        image=image,
        close=services.close,
        calibrated=calibrated,
        console=remote.console,
        network=BenchNetwork(services, remote.wifi, remote.jump_clock),
        storage=RemoteStorage(remote, rig),
        climate=RemoteClimate(remote) if spec.climate is not None else None,
        about={"seed": remote.about.get("seed")},
    )
