"""The unit's folder on the calibrating desk: its secret, to seal by, and its record, so that a re-flash keeps the calibration."""

from __future__ import annotations

import datetime
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from davy.bench.device import KnownUnit
from davy.board.nvs import NvsError, NvsPartition
from davy.errors import DeskError, InputError
from davy.files import write_whole
from davy.flash.unit_folder import load_unit
from davy.identity.public import FILE, load_public
from davy.identity.record import NAMESPACE, first_session, nvs_partition
from davy.identity.unit import NVS_FILE
from davy.image.boardfile import load_board
from davy.image.boardparts import BoardSpec
from davy.image.partitions import NVS, Partition

CALIBRATION_FILE = "calibration.json"
#: In the order in which the firmware's record has them (firmware/unit.py); a unit that nobody has calibrated has no calibration.
_KEYS = ("settings", "calibration", "cert", "key", "ca", "secret")
_OPTIONAL = "calibration"
_CRC_BYTES = 4
_ALONE = Partition(NVS.name, NVS.kind, NVS.subtype, 0, NVS.length)


@dataclass(frozen=True)
class UnitFiles:
    """One unit's folder, as it was when it was read. `blobs` hold its key and are never shown."""

    folder: Path
    public: dict[str, Any]
    spec: BoardSpec
    known: KnownUnit
    blobs: dict[str, bytes] = field(repr=False)

    @property
    def calibration(self) -> dict[str, Any]:
        """What its record holds, {} without one."""
        found = json.loads(self.blobs.get(_OPTIONAL, b"{}"))
        return found if isinstance(found, dict) else {}


def load_unit_files(folder: Path, board: str | None = None) -> UnitFiles:
    """`board`: a board.toml, for a unit of a board that is not davy's own. Raises InputError for what cannot be used."""
    public = load_public(folder)
    spec = load_board(board or public["board"])
    identifier, nvs = load_unit(folder, spec.name)
    store = NvsPartition(folder / NVS_FILE, _ALONE)
    blobs = {}
    for key in _KEYS:
        try:
            blobs[key] = store.get_blob(NAMESPACE, key)[:-_CRC_BYTES]
        except NvsError:
            if key != _OPTIONAL:
                problem = f"holds no {key}"
                raise InputError(str(folder / NVS_FILE), problem, "make the unit again with davy unit new") from None
    known = KnownUnit(identifier, public["serial"], nvs, blobs["secret"])
    return UnitFiles(folder, public, spec, known, blobs)


def recalibrated(
    before: dict[str, Any], gas: str, part: str, key: str, value: int, day: datetime.date
) -> dict[str, Any]:
    """A calibration with one sensor's new number, as the unit itself makes it of the same command (firmware/recalibrate.py)."""
    found = {name: dict(own) if isinstance(own, dict) else own for name, own in before.items()}
    found["schema"] = 1
    made = found.pop("made", None)
    owns = [found[name] for name in ("methane", "co") if name in found]
    for own in owns:
        if made:
            own.setdefault("made", made)
    found[gas] = {"part": part, key: value, "made": day.isoformat()}
    found["made"] = min(found[name]["made"] for name in ("methane", "co") if "made" in found.get(name, {}))
    return found


def keep(files: UnitFiles, calibration: dict[str, Any], now: datetime.datetime) -> None:
    """Put a calibration into the folder: nvs.bin, calibration.json, unit.json, each whole. Raises DeskError when one cannot be written.

    nvs.bin goes first: it is what a re-flash takes.
    """
    text = json.dumps(calibration, sort_keys=True)
    blobs = {key: text.encode() if key == _OPTIONAL else files.blobs[key] for key in _KEYS}
    public = {**files.public, "calibrated": True}
    try:
        write_whole(files.folder / NVS_FILE, nvs_partition(blobs, first_session(now)), 0o600)
        write_whole(files.folder / CALIBRATION_FILE, text + "\n")
        write_whole(files.folder / FILE, json.dumps(public, indent=1) + "\n")
    except OSError as error:
        step = "the unit is calibrated, its folder is not up to date: make room, and calibrate again"
        raise DeskError(str(files.folder), f"cannot be written: {error.strerror or error}", step) from error


def check_folder(files: UnitFiles) -> None:
    """Raises InputError when the folder could not be brought up to date at the end."""
    if not os.access(files.folder, os.W_OK):
        raise InputError(
            "--unit", f"{files.folder} cannot be written to", "its record is brought up to date with the unit"
        )
