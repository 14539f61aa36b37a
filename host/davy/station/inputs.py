"""Everything that a station needs, looked at before the first unit: release, CA, settings, work order, places to write."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from davy.errors import InputError
from davy.files import check_writable
from davy.identity.ca import Ca
from davy.identity.identifier import make_identifier
from davy.identity.settings_file import load_unit_settings
from davy.image.boardfile import load_board
from davy.image.release import load_release
from davy.station.config import Config
from davy.station.workorder import Order, load_work_order


@dataclass(frozen=True)
class Inputs:
    """What the files said. No secret is kept."""

    orders: tuple[Order, ...]
    image_sha256: str
    firmware: str


def check_inputs(config: Config) -> Inputs:
    """Raises InputError with the one thing to mend. The folder of units is made if its parent is there."""
    where = str(config.path)
    orders = load_work_order(config.work_order)
    for order in orders:
        make_identifier(config.prefix, next(order.serials()), f"{where}: prefix")
    release = load_release(config.image)
    spec = load_board(config.board)
    if release.board != spec.name:
        raise InputError(
            f"{where}: image", f"is a release for board {release.board}", f"one for {spec.name}, or that board"
        )
    Ca.load(config.ca)
    if config.settings is not None:
        load_unit_settings(config.settings, "")
    if config.calibrations is not None and not config.calibrations.is_dir():
        raise InputError(f"{where}: calibrations", f"there is no folder {config.calibrations}", "make it first")
    for key, path in (("serials", config.serials), ("log", config.log)):
        check_writable(path, f"{where}: {key}")
    _check_apart(config)
    try:
        config.units.mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{where}: units", f"{config.units} cannot be made: {error.strerror}", "name a folder of yours"
        ) from error
    if not os.access(config.units, os.W_OK):
        raise InputError(f"{where}: units", f"{config.units} cannot be written to", "name a folder of yours")
    return Inputs(orders, release.image_sha256, release.firmware)


def _check_apart(config: Config) -> None:
    files = {"work_order": config.work_order, "serials": config.serials, "log": config.log}
    seen: dict[Path, str] = {}
    for key, path in files.items():
        other = seen.setdefault(path.resolve(), key)
        if other != key:
            raise InputError(f"{config.path}: {key}", f"is the same file as {other}", "a file of its own")
