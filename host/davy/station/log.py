"""The station's log: append-only, chained, one writer. What it does not hold has not happened."""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from davy.errors import DeskError, InputError
from davy.station.chain import Broken, Head, Record, make_line, walk
from davy.station.desk import NotRecorded
from davy.station.lines import Torn, append_line, move_torn, open_lines, read_from, split_whole

#: Longer than a leash needs to end what it holds.
_LEFTOVER_S = 8.0


class Log:
    """Open for writing; `records` are those of before. Appending is safe from several threads.

    The lock's descriptor, `lock_fd`, is for child processes to inherit: as long as one of them lives, the log is taken, so
    a station never starts beside the leftovers of a killed one.
    """

    def __init__(self, path: Path, now: Callable[[], datetime]) -> None:
        """Raises InputError for a log that is taken or broken, DeskError when its torn tail cannot be moved."""
        self._path = path
        self._now = now
        self._mutex = threading.Lock()
        self._failed: NotRecorded | None = None
        self.lock_fd = _lock(path)
        self._fd = -1
        try:
            self._fd = open_lines(path)
            torn = move_torn(self._fd, path)
            lines, _ = split_whole(read_from(self._fd, 0))
            self.records, self._head, broken = walk(lines)
            if broken is not None:
                raise InputError(f"{path}:{broken.line}", broken.what, "keep that file as it is and name a new log")
            if torn is not None:
                self.tell_torn(torn)
        except BaseException:
            self.close()
            raise

    @property
    def head(self) -> Head:
        """Of the newest record."""
        with self._mutex:
            return self._head

    def append(self, kind: str, **fields: Any) -> Record:
        """Returns when the record is on the disk. Raises NotRecorded, from then on at each call."""
        with self._mutex:
            if self._failed is not None:
                raise self._failed
            told = self._now().isoformat(timespec="milliseconds")
            line, head = make_line(self._head, told, kind, fields)
            try:
                append_line(self._fd, line, self._path)
            except DeskError as error:
                self._failed = NotRecorded(error.where, error.problem, error.hint)
                raise self._failed from error
            self._head = head
            return Record(head.seq, told, kind, fields)

    def tell_torn(self, torn: Torn) -> None:
        """A torn tail was found, here or in the serial file, and where it is now."""
        self.append("torn-tail", **asdict(torn))

    def close(self) -> None:
        """Let the log go; the lock stays with children that still live."""
        for fd in (self._fd, self.lock_fd):
            if fd >= 0:
                os.close(fd)
        self._fd = self.lock_fd = -1


def read_log(path: Path) -> tuple[list[Record], Head, Broken | None]:
    """A log as it lies there, without locking or repairing it. Raises InputError if it cannot be read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}", "name the log of a station") from error
    return walk(*split_whole(data))


def holds_line(path: Path, sha256: str) -> bool:
    """Whether one of the log's whole lines has that SHA-256."""
    lines, _ = split_whole(path.read_bytes())
    return any(hashlib.sha256(line).hexdigest() == sha256 for line in lines)


def is_written(path: Path) -> bool:
    """Whether a station has the log, now."""
    try:
        fd = os.open(f"{path}.lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def _lock(path: Path) -> int:
    where = Path(f"{path}.lock")
    try:
        fd = os.open(where, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise InputError(
            str(path), f"cannot be locked: {error.strerror}", "name a file in a folder of yours"
        ) from error
    deadline = time.monotonic() + _LEFTOVER_S
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            holder = os.pread(fd, 32, 0).decode("ascii", "replace").strip()
            if _lives(holder) or time.monotonic() > deadline:
                os.close(fd)
                raise InputError(
                    str(path), f"process {holder or 'unknown'} writes it", "one log for each station; or end that one"
                ) from None
            time.sleep(0.05)  # what a killed station left is ending
    with suppress(OSError):  # a full disk must not hide behind this: the log itself will say it
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
    return fd


def _lives(holder: str) -> bool:
    if not holder.isdigit():
        return False
    try:
        os.kill(int(holder), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
