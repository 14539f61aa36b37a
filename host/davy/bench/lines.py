"""The lines between a bench and a device: frames of the product protocol, and the console's text."""

from __future__ import annotations

import base64
import binascii
from typing import Protocol

from davy import codec

_MOST_KEPT_BYTES = 65_536
MARK = b"~"


class ByteLine(Protocol):
    """A port. Both raise BenchError when it is gone."""

    def write(self, data: bytes) -> None:
        """All of it, now or as the other side takes it."""

    def read(self) -> bytes:
        """What has come since the last look; never waits."""


class FrameLine(Protocol):
    """A line that carries frames."""

    def send(self, frame: bytes) -> None:
        """One frame, sealed or not."""

    def frames(self) -> list[codec.Decoded]:
        """Good frames that have come since the last look, oldest first; never waits."""


class CobsFrames:
    """The wired line: frames under COBS."""

    def __init__(self, line: ByteLine) -> None:
        self._line = line
        self._reader = codec.SerialReader()

    def send(self, frame: bytes) -> None:
        self._line.write(codec.encode_serial(frame))

    def frames(self) -> list[codec.Decoded]:
        return [each for each in self._reader.feed(self._line.read()) if isinstance(each, codec.Decoded)]


class ConsoleFrames:
    """Frames on the console, a line each; `text` keeps the newest of what else it said."""

    def __init__(self, line: ByteLine) -> None:
        self._line = line
        self._buffer = b""
        self.text = ""

    def send(self, frame: bytes) -> None:
        # The line end before it ends whatever stood there.
        self._line.write(b"\n" + MARK + base64.b64encode(frame) + b"\n")

    def frames(self) -> list[codec.Decoded]:
        *lines, rest = (self._buffer + self._line.read()).split(b"\n")
        self._buffer = rest[-_MOST_KEPT_BYTES:]
        found = []
        for line in lines:
            frame = _frame(line.strip())
            if frame is not None:
                found.append(frame)
            else:
                text = line.decode("utf-8", "replace").rstrip("\r")
                self.text = f"{self.text}{text}\n"[-_MOST_KEPT_BYTES:]
        return found


def _frame(line: bytes) -> codec.Decoded | None:
    if not line.startswith(MARK):
        return None
    try:
        found = codec.decode_frame(base64.b64decode(line[1:], validate=True))
    except binascii.Error:
        return None
    return found if isinstance(found, codec.Decoded) else None
