"""A bench of real parts on this computer's ports: a rig, a device, and what its file says of them."""

from __future__ import annotations

import contextlib
import subprocess
from pathlib import Path

from davy.bench.bench import Bench, Programmer
from davy.bench.benchfile import BenchFile, DevicePart, NetworkPart
from davy.bench.clock import Clock, ScaledClock, WallClock
from davy.bench.device import Device, KnownUnit
from davy.bench.errors import BenchError
from davy.bench.flash_programmer import FlashProgrammer
from davy.bench.lines import CobsFrames, ConsoleFrames, FrameLine
from davy.bench.network import BenchNetwork, Services
from davy.bench.port_line import PortLine
from davy.bench.rig import Rig
from davy.bench.rig_link import ANSWER_WITHIN_S
from davy.bench.serial_rig import SerialRig
from davy.bench.wiring import RIG_ESP32, load_wiring
from davy.errors import InputError
from davy.flash.unit_folder import load_unit
from davy.identity import Ca, load_public
from davy.image.boardfile import load_board
from davy.image.boardparts import BoardSpec
from davy.image.build import Image
from davy.image.calibration import Calibration, load_calibration, nominal
from davy.image.release import load_release
from davy.monitor import TlsFolder
from davy.monitor.registry import read_enrolment

_CALIBRATION_FILE = "calibration.json"
_SWITCH_S = 30.0
_DEVICE_ANSWERS_WITHIN_S = 1.0  # of the wall clock
_EMULATED_WITHIN_S = 5.0  # half of what the rig waits for its host at sixty times the speed


def open_ports(told: BenchFile, serial: str) -> Bench:
    """Without a serial the bench is for its own check alone. Raises InputError for what a file or folder lacks, BenchError for a port."""
    assert told.rig is not None
    assert told.device is not None
    assert told.units is not None
    spec = load_board(told.board)
    folder = told.units / serial
    ca = Ca.load(told.ca) if told.ca is not None else None
    unit = _unit(folder, serial, spec, ca) if serial else KnownUnit("", "")
    calibration = _calibration(folder, spec)
    clock: Clock = WallClock() if told.speed == 1 else ScaledClock(told.speed)
    with contextlib.ExitStack() as stack:
        rig_line = PortLine(told.rig.port, "rig")
        stack.callback(rig_line.close)
        # A line takes the time that it takes, however fast the bench's own goes; a machine that emulates, longer when it is busy.
        rig = SerialRig(
            rig_line,
            WallClock(),
            load_wiring(told.rig.wiring or RIG_ESP32),
            name=f"rig of {told.name}",
            answer_within_s=ANSWER_WITHIN_S if told.speed == 1 else _EMULATED_WITHIN_S,
        )
        console = _line(told.device.console, "console", stack)
        wired = _line(told.device.wired, "wired", stack)
        frames: FrameLine
        if wired is not None:
            frames = CobsFrames(wired)
        else:
            assert console is not None
            frames = ConsoleFrames(console)
        programmer, image = _programmer(told, told.device, rig, console, spec, unit.identifier)
        network = _network(told.network, folder, ca) if serial else None
        if network is not None:
            stack.callback(network.close)
        return Bench(
            name=told.name,
            kind="ports",
            clock=clock,
            rig=rig,
            spec=spec,
            unit=unit,
            calibration=calibration,
            device=Device(frames, clock, unit, _DEVICE_ANSWERS_WITHIN_S * max(1.0, told.speed)),
            programmer=programmer,
            image=image,
            close=stack.pop_all().close,
            calibrated=told.calibrated.isoformat() if told.calibrated else "",
            # The prompt and the frames cannot share it.
            console=console if wired is not None else None,
            network=network,
        )


def _line(url: str, name: str, stack: contextlib.ExitStack) -> PortLine | None:
    if not url:
        return None
    line = PortLine(url, name)
    stack.callback(line.close)
    return line


def _unit(folder: Path, serial: str, spec: BoardSpec, ca: Ca | None) -> KnownUnit:
    identifier, nvs = load_unit(folder, spec.name)
    secret = ca.proof_secret(identifier) if ca is not None else b""
    return KnownUnit(identifier, str(load_public(folder)["serial"]) or serial, nvs, secret)


def _calibration(folder: Path, spec: BoardSpec) -> Calibration:
    path = folder / _CALIBRATION_FILE
    return load_calibration(path, spec) if path.is_file() else nominal(spec)


def _programmer(
    told: BenchFile, device: DevicePart, rig: Rig, console: PortLine | None, spec: BoardSpec, identifier: str
) -> tuple[Programmer | None, Image]:
    if told.release is None:
        return None, Image(b"", "", {})
    release = load_release(told.release)
    if release.board != spec.name:
        raise InputError(str(told.release), f"is for board {release.board}", f"a release for {spec.name}")
    image = Image(b"", release.image_sha256, {})
    if console is None:
        raise InputError(f"bench {told.name}: device.console", "is missing", "a release is written through the console")
    return FlashProgrammer(rig, console, device.console, device.lines, device.baud, release, identifier), image


def _network(told: NetworkPart | None, folder: Path, ca: Ca | None) -> BenchNetwork | None:
    if told is None:
        return None
    if ca is None:
        raise InputError("ca", "is missing beside network", "the CA that made the units: its monitor must know them")
    services = Services(
        read_enrolment(folder, ca),
        listen=told.listen,
        server=TlsFolder.load(told.server, server=True),
        monitor=TlsFolder.load(told.monitor),
    )
    switch = told.access_point
    return BenchNetwork(services, None if switch is None else lambda up: _run(switch.up if up else switch.down), None)


def _run(words: list[str]) -> None:
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=_SWITCH_S, check=False)
        said = (done.stderr or done.stdout).strip().splitlines()
        problem = f"ended with {done.returncode}: {said[-1]}" if said else f"ended with {done.returncode}"
    except (OSError, subprocess.SubprocessError) as error:
        raise BenchError("rig", "the access point", f"{words[0]} failed: {error}", "try the command by hand") from error
    if done.returncode:
        raise BenchError("rig", "the access point", f"{words[0]} {problem}", "try the command by hand")
