"""Where the bench of a place is: what its resources say, put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from davy.bench.errors import BenchError

#: The resource class of a bench (davy.bench.lab.resource), and labgrid's for a serial port behind ser2net or a TCP server.
BENCH_CLASS = "DavyBench"
SERIAL_CLASS = "NetworkSerialPort"
LINES = ("rig", "wired", "console")


@dataclass(frozen=True)
class LabAddress:
    """Lines as pyserial takes them (socket://HOST:PORT, rfc2217://HOST:PORT), empty where there is none.

    `control` (HOST:PORT) is an emulated bench's. `wiring` and `board` are names of davy's or files at the client; `calibrated` is
    the day of the bench's own calibration, or empty.
    """

    bench: str
    rig: str
    wired: str = ""
    console: str = ""
    control: str = ""
    wiring: str = ""
    board: str = ""
    calibrated: str = ""


def address_of(place: str, resources: Sequence[tuple[str, str, dict[str, Any]]]) -> LabAddress:
    """Of (name, class, parameters) of each resource of a place. A serial port with a line's name is that line.

    Raises BenchError (place) when there is not exactly one DavyBench, or no way to its rig.
    """
    benches = [parameters for _, kind, parameters in resources if kind == BENCH_CLASS]
    if len(benches) != 1:
        raise BenchError(
            "place", f"place {place}", f"has {len(benches)} {BENCH_CLASS} resources", "one each; see docs/labgrid.md"
        )
    bench = benches[0]
    host = bench.get("host", "")
    lines = {line: f"socket://{host}:{bench[line]}" for line in LINES if bench.get(line)}
    for name, kind, parameters in resources:
        if kind == SERIAL_CLASS and name in LINES:
            scheme = "socket" if parameters.get("protocol") == "raw" else "rfc2217"
            lines[name] = f"{scheme}://{parameters['host']}:{parameters['port']}"
    if "rig" not in lines:
        raise BenchError(
            "place",
            f"place {place}",
            "has no way to its rig",
            f"a port `rig` in {BENCH_CLASS}, or a {SERIAL_CLASS} named rig",
        )
    return LabAddress(
        bench=str(bench.get("bench") or place),
        rig=lines["rig"],
        wired=lines.get("wired", ""),
        console=lines.get("console", ""),
        control=f"{host}:{bench['control']}" if bench.get("control") else "",
        wiring=str(bench.get("wiring") or ""),
        board=str(bench.get("board") or ""),
        calibrated=str(bench.get("calibrated") or ""),
    )
