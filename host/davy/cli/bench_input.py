"""What `davy bench run` and `check` were given, looked at before anything is opened, started or written."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from davy.bench.benchfile import check_firmware, load_bench_file
from davy.bench.unit_made import PREFIX
from davy.errors import InputError
from davy.files import check_writable
from davy.identity import make_identifier
from davy.image.boardfile import load_board
from davy.image.build import build_program
from davy.paths import FIRMWARE

#: Of a virtual device when none is named.
_BOARD = "virtual"


def check_run(
    files: Sequence[Path], serials: Sequence[str], records: Path, board: str, firmware: Path, junit: Path | None
) -> None:
    """Raises InputError for the first thing that will not do."""
    if not (firmware / "main.py").is_file():
        raise InputError("--firmware", f"{firmware} has no main.py", "a tree like firmware/")
    check_bench_files(files, serials, firmware)
    if files and board != _BOARD:
        raise InputError("--board", "is a virtual device's", "a bench's file says which board is in its fixture")
    _check_serials(serials)
    check_records(records)
    if junit is not None:
        check_writable(junit, "--junit")
    spec = load_board(board)
    if firmware.resolve() != FIRMWARE.resolve():
        build_program(spec, firmware)


def check_bench_files(files: Sequence[Path], serials: Sequence[str] | None = None, firmware: Path = FIRMWARE) -> None:
    """With `serials`, one a bench, also whether each has the one that it needs. Raises InputError."""
    seen: dict[str, Path] = {}
    for number, path in enumerate(files):
        told = load_bench_file(path)
        try:
            load_board(told.board)
        except InputError as error:
            raise InputError(f"{path}: board", str(error)) from error
        other = seen.setdefault(told.name, path)
        # A place of labgrid has the name of the bench that it turns out to be.
        if other is not path and told.labgrid is None:
            raise InputError("--bench", f"{other} and {path} are both of {told.name!r}", "a name of its own for each")
        if told.rig is not None:
            check_firmware(told.name, firmware)
        if told.rig is not None and serials is not None and number >= len(serials):
            raise InputError("--serial", f"bench {told.name} needs the device's", "--serial SN, once for each --bench")


def check_records(folder: Path) -> None:
    """Raises InputError when it is no folder, or none can be made there."""
    there = folder.absolute()
    while not os.path.lexists(there):
        there = there.parent
    if not there.is_dir():
        raise InputError("--records", f"{there} is no folder", "name a folder of yours")
    if not os.access(there, os.W_OK):
        raise InputError("--records", f"{there} cannot be written to", "name a folder of yours")


def _check_serials(serials: Sequence[str]) -> None:
    for serial in serials:
        make_identifier(PREFIX, serial)
        if serials.count(serial) > 1:
            raise InputError("--serial", f"{serial} is given twice", "each device is in one fixture")
