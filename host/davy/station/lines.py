"""An append-only file of lines: a line is in it whole and on the disk, or it is not in it.

Only what ends in a line feed is a line. What a kill or a power cut leaves after the last one is torn: nobody was told
that it was written, so nothing rests on it. It is moved to a file beside, never thrown away.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from davy.errors import InputError
from davy.station.desk import of_disk


@dataclass(frozen=True)
class Torn:
    """A torn tail that was moved: `bytes` long, `sha256` over it, now in the file `moved_to`."""

    file: str
    bytes: int
    sha256: str
    moved_to: str


def open_lines(path: Path) -> int:
    """A file descriptor to append to and to read from; the file is made if it is not there. Raises InputError."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise InputError(
            str(path), f"cannot be opened: {error.strerror}", "name a file in a folder of yours"
        ) from error
    sync_folder(path.parent)
    return fd


def read_from(fd: int, offset: int) -> bytes:
    """Everything from `offset` (bytes) to the end."""
    pieces = []
    while piece := os.pread(fd, 1 << 20, offset):
        pieces.append(piece)
        offset += len(piece)
    return b"".join(pieces)


def split_whole(data: bytes) -> tuple[list[bytes], bytes]:
    """(whole lines without their line feeds, torn tail)."""
    *lines, torn = data.split(b"\n")
    return lines, torn


def append_line(fd: int, line: bytes, path: Path) -> None:
    """Returns when the line is on the disk. Raises DeskError, and then the file is as it was before."""
    before = os.fstat(fd).st_size
    try:
        rest = memoryview(line + b"\n")
        while rest:
            rest = rest[os.write(fd, rest) :]
        os.fsync(fd)
    except OSError as error:
        # If this fails too, the tail is torn, and whoever opens the file next sees to it.
        with suppress(OSError):
            os.ftruncate(fd, before)
            os.fsync(fd)
        raise of_disk(str(path), error) from error


def move_torn(fd: int, path: Path) -> Torn | None:
    """Move a torn tail to a file beside; None if there is none. For the one writer only. Raises DeskError.

    Killed in between, the next one does the same again: the side file's name says which bytes it holds.
    """
    end = os.fstat(fd).st_size
    start = _after_last_line_feed(fd, end)
    if start == end:
        return None
    tail = read_from(fd, start)
    sha256 = hashlib.sha256(tail).hexdigest()
    aside = path.with_name(f"{path.name}.torn-{start}-{sha256[:8]}")
    try:
        with open(aside, "wb") as file:
            file.write(tail)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(path.parent)
        os.ftruncate(fd, start)
        os.fsync(fd)
    except OSError as error:
        raise of_disk(str(path), error) from error
    return Torn(path.name, len(tail), sha256, aside.name)


def _after_last_line_feed(fd: int, end: int) -> int:
    while end > 0:
        start = max(0, end - 65536)
        at = os.pread(fd, end - start, start).rfind(b"\n")
        if at >= 0:
            return start + at + 1
        end = start
    return 0


def sync_folder(folder: Path) -> None:
    """A new or renamed file's name is on the disk after this."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
