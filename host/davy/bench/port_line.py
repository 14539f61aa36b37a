"""A line of bytes over a port that pyserial opens: a device, socket://HOST:PORT, rfc2217://HOST:PORT."""

from __future__ import annotations

import contextlib
from typing import Any

from davy.bench.errors import BenchError, Cause
from davy.flash.serial_port import open_port

_BAUD = 115_200
_MOST_READ = 65_536


class PortLine:
    """A davy.bench.lines.ByteLine; it never waits to read. `name` is rig, wired or console."""

    def __init__(self, url: str, name: str) -> None:
        self._cause: Cause = "rig" if name == "rig" else "device"
        self._url, self._where = url, f"line {name}, {url}"
        self._port: Any = None
        self.reopen()

    def reopen(self) -> None:
        """Take the port again after `close`. Raises BenchError."""
        try:
            self._port = open_port(self._url, baudrate=_BAUD, timeout=0)
        except (OSError, ValueError) as error:
            raise self._gone(error) from error

    def write(self, data: bytes) -> None:
        """All of it."""
        try:
            self._port.write(data)
        except (OSError, ValueError) as error:
            raise self._gone(error) from error

    def read(self) -> bytes:
        """What has come since the last look."""
        found = bytearray()
        try:
            # Over RFC 2217 a read that does not wait gives a single byte.
            while len(found) < _MOST_READ and (piece := self._port.read(_MOST_READ)):
                found += piece
        except (OSError, ValueError) as error:
            raise self._gone(error) from error
        return bytes(found)

    def close(self) -> None:
        """Let it go; never raises."""
        with contextlib.suppress(OSError, ValueError):
            self._port.close()

    def _gone(self, why: object) -> BenchError:
        return BenchError(self._cause, self._where, f"is gone: {why}", "is the bench on, and the line plugged in?")
