"""A whole bench out of its wires: with a unit made for the run, for an emulated bench."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

from davy.bench.bench import Bench
from davy.bench.emulated_bench import emulated_bench
from davy.bench.lab.address import LabAddress
from davy.bench.lab.wires import Wires, open_wires
from davy.errors import InputError
from davy.paths import FIRMWARE

DEFAULT_SERIAL = "LAB-1"
_DEFAULT_BOARD = "virtual"


def open_at(address: LabAddress, serial: str = DEFAULT_SERIAL, firmware: Path = FIRMWARE) -> Bench:
    """Connect to an emulated bench. Its `close` ends the connection.

    Raises BenchError when it is not there; InputError for a board or serial that will not do, and for a bench of real parts,
    whose units are not ours to make.
    """
    with contextlib.ExitStack() as stack:
        wires = open_wires(address)
        stack.callback(wires.close)
        bench = bench_on(wires, address, serial, firmware)
        stack.callback(bench.close)
        return replace(bench, close=stack.pop_all().close)


def bench_on(wires: Wires, address: LabAddress, serial: str, firmware: Path = FIRMWARE) -> Bench:
    """The same on wires that are somebody else's to close; its `close` ends its broker and monitor."""
    if wires.remote is None or wires.wired is None:
        raise InputError(
            f"bench {address.bench}", "is no emulated bench with a wired line", "davy bench run takes a unit's folder"
        )
    board = address.board or _DEFAULT_BOARD
    return emulated_bench(wires.remote, wires.rig, board, address.bench, serial, firmware, address.calibrated)
