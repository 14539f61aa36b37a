"""The wires to a bench of a place: davy's own rig, clock and lines, over whatever its address says."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from davy.bench.clock import Clock, WallClock
from davy.bench.lab.address import LabAddress
from davy.bench.lines import ByteLine
from davy.bench.port_line import PortLine
from davy.bench.remote import RemoteBench
from davy.bench.rig import Rig
from davy.bench.serial_rig import SerialRig
from davy.bench.wiring import RIG_ESP32, load_wiring
from davy.errors import InputError
from davy.paths import BOARDS


@dataclass
class Wires:
    """`wired` and `console` are None where the bench has none; `remote` where it is not emulated."""

    rig: Rig
    clock: Clock
    wired: ByteLine | None
    console: ByteLine | None
    remote: RemoteBench | None
    close: Callable[[], None]


def wiring_path(name: str) -> Path:
    """The file of a shipped rig's wiring by its name, a file by its path, the shipped rig's for "". Raises InputError."""
    path = Path(name)
    if "/" in name or path.suffix == ".toml":
        return path
    path = BOARDS / name / RIG_ESP32.name if name else RIG_ESP32
    if not path.is_file():
        known = ", ".join(sorted(each.parent.name for each in BOARDS.glob(f"*/{RIG_ESP32.name}")))
        raise InputError(f"wiring {name}", "is not one of davy's", f"one of {known}, or a wiring.toml")
    return path


def open_wires(address: LabAddress) -> Wires:
    """Connect. Raises BenchError (rig or device) when nothing is there, and InputError for a wiring that will not do."""
    if address.control:
        remote = RemoteBench(address.control)
        # An emulated bench tells its wiring itself: it leaves out parts that its board has no place for.
        rig = SerialRig(remote.rig, remote.clock, remote.wiring, name=f"rig of {address.bench}")
        return Wires(rig, remote.clock, remote.wired, remote.console, remote, remote.close)
    wiring = load_wiring(wiring_path(address.wiring))
    with contextlib.ExitStack() as opened:
        lines: dict[str, PortLine] = {}
        for name, url in (("rig", address.rig), ("wired", address.wired), ("console", address.console)):
            if url:
                lines[name] = PortLine(url, name)
                opened.callback(lines[name].close)
        clock = WallClock()
        rig = SerialRig(lines["rig"], clock, wiring, name=f"rig of {address.bench}")
        return Wires(rig, clock, lines.get("wired"), lines.get("console"), None, opened.pop_all().close)
