"""The serial file: which MAC has which serial. A serial is never given twice, and a MAC never gets a second one.

JSON lines, append-only, shared by any number of stations under one lock. A serial counts as given once its line is on
the disk; only then is it told to anyone. So a torn last line was never given, and is moved away.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from davy.errors import DeskError, InputError
from davy.station.desk import of_disk
from davy.station.lines import Torn, append_line, move_torn, open_lines, read_from, split_whole
from davy.station.workorder import Order

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_KEYS = ("mac", "serial", "order", "batch", "time")
_LOCK_S = 20.0


def is_unit_mac(mac: str) -> bool:
    """Whether it can be a chip's own: six octets in lower case, neither a group's nor those of an empty eFuse."""
    return _MAC.fullmatch(mac) is not None and not int(mac[:2], 16) & 1 and mac != "00:00:00:00:00:00"


@dataclass(frozen=True)
class Allocation:
    """`known`: the MAC had its serial before, so the unit comes back as rework."""

    mac: str
    serial: str
    order: str
    batch: str
    known: bool


class NoSerialLeft(InputError):
    """Every serial of the work order is given."""


class SerialFile:
    """Safe to use from several threads and from several processes at once."""

    def __init__(
        self,
        path: Path,
        orders: Sequence[Order],
        now: Callable[[], datetime],
        on_torn: Callable[[Torn], None] = lambda torn: None,
    ) -> None:
        self._path = path
        self._orders = orders
        self._now = now
        self._on_torn = on_torn
        self._mutex = threading.Lock()
        self._forget()

    def _forget(self) -> None:
        self._read_bytes = 0
        self._read_lines = 0
        self._inode = -1
        self._by_mac: dict[str, Allocation] = {}
        self._mac_of: dict[str, str] = {}
        self._next = [0] * len(self._orders)

    def allocate(self, mac: str) -> Allocation:
        """The MAC's serial: the one it has, or the first free one of the work order, given to it now.

        Raises NoSerialLeft, InputError for a file that contradicts itself, DeskError when the disk is full or the lock
        stays taken; then nothing is given.
        """
        if not is_unit_mac(mac):
            raise ValueError(f"not a unit's MAC: {mac!r}")
        lock = FileLock(f"{self._path}.lock", timeout=_LOCK_S)
        try:
            with self._mutex, lock:
                return self._allocate(mac)
        except Timeout as error:
            raise DeskError(
                str(self._path), f"another station has held it for {_LOCK_S:.0f} s", "look what that station does"
            ) from error
        except OSError as error:
            raise of_disk(str(self._path), error) from error

    def _allocate(self, mac: str) -> Allocation:
        fd = open_lines(self._path)
        try:
            torn = move_torn(fd, self._path)
            if torn is not None:
                self._on_torn(torn)
            self._catch_up(fd)
            if mac in self._by_mac:
                return self._by_mac[mac]
            order, serial = self._first_free()
            line = {"mac": mac, "serial": serial, "order": order.order, "batch": order.batch}
            line["time"] = self._now().isoformat(timespec="seconds")
            append_line(fd, json.dumps(line).encode(), self._path)
            return Allocation(mac, serial, order.order, order.batch, known=False)
        finally:
            os.close(fd)

    def known(self) -> dict[str, Allocation]:
        """MAC -> what it has, as the file says now; a line that is just being written is not in it. Raises InputError."""
        try:
            fd = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise InputError(
                str(self._path), f"cannot be read: {error.strerror}", "the station's serial file"
            ) from error
        try:
            with self._mutex:
                self._catch_up(fd)
        finally:
            os.close(fd)
        return dict(self._by_mac)

    def free(self) -> int:
        """How many serials of the work order are left. Raises InputError."""
        self.known()
        return sum(serial not in self._mac_of for order in self._orders for serial in order.serials())

    def _first_free(self) -> tuple[Order, str]:
        for at, order in enumerate(self._orders):
            while self._next[at] < order.quantity:
                serial = f"{order.stem}{order.first + self._next[at]:0{order.width}d}"
                if serial not in self._mac_of:
                    return order, serial
                self._next[at] += 1
        total = sum(order.quantity for order in self._orders)
        raise NoSerialLeft("work_order", f"all {total} serials are given", "add a row to the work order")

    def _catch_up(self, fd: int) -> None:
        """Read what was appended since the last look. A file that was replaced or cut is read anew."""
        about = os.fstat(fd)
        if about.st_ino != self._inode or about.st_size < self._read_bytes:
            self._forget()
            self._inode = about.st_ino
        lines, torn = split_whole(data := read_from(fd, self._read_bytes))
        for line in lines:
            self._read_lines += 1
            try:
                self._take(line, f"{self._path}:{self._read_lines}")
            except InputError:
                self._forget()
                raise
        self._read_bytes += len(data) - len(torn)

    def _take(self, line: bytes, where: str) -> None:
        try:
            found = json.loads(line)
        except ValueError:
            found = None
        if not isinstance(found, dict) or any(not isinstance(found.get(key), str) for key in _KEYS):
            raise InputError(where, "is no line of a serial file", "put the file back from the newest copy")
        mac, serial = found["mac"], found["serial"]
        for word, taken in ((mac, mac in self._by_mac), (serial, serial in self._mac_of)):
            if taken:
                raise InputError(where, f"{word} has a line before", "put the file back from the newest copy")
        self._by_mac[mac] = Allocation(mac, serial, found["order"], found["batch"], known=True)
        self._mac_of[serial] = mac
