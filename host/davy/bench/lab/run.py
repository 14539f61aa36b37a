"""`davy bench run` on a place: what a bench file says, on the bench that the coordinator gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from davy.bench.bench import Bench
from davy.bench.benchfile import BenchFile, DevicePart, RigPart, check_firmware
from davy.bench.lab.address import LabAddress
from davy.bench.lab.opened import open_at
from davy.bench.lab.wanted import wanted_of
from davy.bench.lab.watched import lab_bench
from davy.bench.lab.wires import wiring_path
from davy.errors import InputError


def open_place(told: BenchFile, where: str, serial: str, firmware: Path, tell: Callable[[str], None]) -> Bench:
    """The bench of the place that a bench file (at `where`) wants; its `close` gives the place back.

    Raises InputError for what is wrong in the file and BenchError for a place that is not to be had; `tell` hears of the wait.
    """
    assert told.labgrid is not None
    wanted, wait_s = wanted_of(told.labgrid.model_dump(exclude_defaults=True), where)

    def open_here(address: LabAddress) -> Bench:
        if address.control:
            return open_at(address, serial, firmware)
        from davy.bench.ports_bench import open_ports

        check_firmware(address.bench, firmware)
        return open_ports(with_address(told, address, where), serial)

    return lab_bench(wanted, open_here, wait_s, tell)


def with_address(told: BenchFile, address: LabAddress, where: str) -> BenchFile:
    """The file as it would be for that very bench, on one's own desk. Raises InputError for what such a bench needs besides."""
    if told.units is None:
        raise InputError(
            where, "units is not there, and the place is no emulated bench", "units: the folder of its units"
        )
    if not address.console and not address.wired:
        raise InputError(
            where, f"bench {address.bench} has no line to its device", "docs/labgrid.md shows what it takes"
        )
    return told.model_copy(
        update={
            "name": address.bench,
            "board": address.board or told.board,
            "labgrid": None,
            "rig": RigPart(port=address.rig, wiring=wiring_path(address.wiring)),
            "device": DevicePart(console=address.console, wired=address.wired),
        }
    )
