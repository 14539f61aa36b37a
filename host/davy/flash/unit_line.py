"""Talking to a unit over its console: questions and commands of the product protocol, a frame a line.

The unit prints other things there as well; a line that is no frame is kept as what the console said.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

from davy import codec
from davy.errors import DeskError
from davy.flash.serial_port import open_port

MARK = b"~"
ANYONE = bytes(8)
_SOURCE = b"davyhost"
_BAUD = 115_200
_ASK_AGAIN_S = 0.5
_READ_S = 0.05
_KEPT_LINES = 40
_KEPT_BYTES = 2_000

Answer = TypeVar("Answer")


class UnitLine:
    """An open console. Raises DeskError when the port cannot be used or goes away."""

    def __init__(self, port: str, baud: int = _BAUD) -> None:
        self.port = port
        self.heard = bytearray()
        self.console: list[str] = []
        self._seq = 0
        self._buffer = bytearray()
        try:
            self._serial = open_port(port, baudrate=baud, timeout=_READ_S, exclusive=True)
        except (OSError, ValueError) as error:
            raise DeskError(port, f"cannot be opened: {error}", "davy doctor says what is wrong with it") from error

    def ask(
        self,
        message: codec.Message,
        wanted: type[Answer],
        within_s: float,
        fits: Callable[[Answer], bool] = lambda _: True,
    ) -> codec.Decoded | None:
        """Send until an answer of that kind comes, at most within_s; None when there was none."""
        end_s = time.monotonic() + within_s
        while (now_s := time.monotonic()) < end_s:
            self.send(message)
            until_s = min(end_s, now_s + _ASK_AGAIN_S)
            while time.monotonic() < until_s:
                for frame in self.read():
                    if isinstance(frame.message, wanted) and fits(frame.message):
                        return frame
        return None

    def send(self, message: codec.Message) -> None:
        """One frame."""
        self._seq += 1
        frame = codec.encode_frame(_SOURCE, 0, self._seq, 0, message)
        with self._watched():
            # The line end before it ends whatever stood there.
            self._serial.write(b"\n" + MARK + base64.b64encode(frame) + b"\n")

    def read(self) -> list[codec.Decoded]:
        """Frames that have come; waits a moment for the first."""
        with self._watched():
            data = self._serial.read(max(1, self._serial.in_waiting))
        self._buffer += data
        self.heard = (self.heard + data)[-_KEPT_BYTES:]
        *lines, rest = bytes(self._buffer).split(b"\n")
        self._buffer = bytearray(rest[-4096:])
        found = []
        for line in lines:
            frame = _frame(line.strip())
            if frame is not None:
                found.append(frame)
            elif text := line.decode("utf-8", "replace").strip():
                self.console = [*self.console[-_KEPT_LINES:], text]
        return found

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._serial.close()

    def __enter__(self) -> UnitLine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextlib.contextmanager
    def _watched(self) -> Any:
        try:
            yield
        except (OSError, ValueError) as error:
            raise DeskError(self.port, f"went away: {error}", "check the cable, and try again") from error


def _frame(line: bytes) -> codec.Decoded | None:
    if not line.startswith(MARK):
        return None
    try:
        frame = codec.decode_frame(base64.b64decode(line[1:], validate=True))
    except binascii.Error:
        return None
    return frame if isinstance(frame, codec.Decoded) else None
