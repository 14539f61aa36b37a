"""A unit's folder, as `davy unit new` made it: who it is, and the partition that makes a chip that unit."""

from __future__ import annotations

import datetime
from pathlib import Path

from davy.errors import InputError
from davy.identity.public import load_public
from davy.identity.record import first_session, with_session
from davy.identity.unit import NVS_FILE
from davy.image.partitions import NVS

_AGAIN = "make the unit again with davy unit new"


def load_unit(folder: Path, board: str) -> tuple[str, bytes]:
    """(identifier, NVS partition), its boots counted on from now: the folder may have made a chip before. Raises InputError when a file is missing, cut short or of another unit.

    Also when the unit was made for another board than the image is: its pins and sensors would be wrong.
    """
    public = load_public(folder)
    identifier: str = public["identifier"]
    if public["board"] != board:
        hint = "the image of its board, or a unit made for this one"
        raise InputError(str(folder), f"is a unit of board {public['board']}, and the image is for {board}", hint)
    path = folder / NVS_FILE
    try:
        nvs = path.read_bytes()
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}", _AGAIN) from error
    if len(nvs) != NVS.length:
        raise InputError(str(path), f"has {len(nvs):,} bytes and not {NVS.length:,}", _AGAIN)
    if f'"identifier": "{identifier}"'.encode() not in nvs:
        raise InputError(str(path), f"is not of {identifier}", _AGAIN)
    try:
        return identifier, with_session(nvs, first_session(datetime.datetime.now(datetime.timezone.utc)))
    except ValueError as error:
        raise InputError(str(path), str(error), _AGAIN) from error
