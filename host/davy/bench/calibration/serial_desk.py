"""A real unit's console, or a virtual board's that has ports: bytes both ways, and a way to start the program anew."""

from __future__ import annotations

import contextlib
import time
from types import TracebackType
from typing import Any

from davy.bench.errors import BenchError
from davy.flash.lines import ResetLines
from davy.flash.resetting import has_reset_lines
from davy.flash.serial_port import open_port

_BAUD = 115_200
_PROMPT_WITHIN_S = 5.0
_LOOK_S = 0.02
_PROMPT = b">>> "
_INTERRUPT = b"\x03"


class SerialDesk:
    """`lines`: another port whose DTR and RTS reset the chip. Raises BenchError when the port cannot be used or goes away."""

    def __init__(self, port: str, lines: str | None = None) -> None:
        self.port = port
        self._lines = lines if lines is not None else port if has_reset_lines(port) else None
        self._serial: Any = None
        self._open()

    def write(self, data: bytes) -> None:
        try:
            self._serial.write(data)
        except (OSError, ValueError) as error:
            raise self._gone(error) from error

    def read(self) -> bytes:
        try:
            found: bytes = self._serial.read(self._serial.in_waiting)
        except (OSError, ValueError) as error:
            raise self._gone(error) from error
        return found

    def restart(self) -> None:
        """By the port's lines, or, on a port that has none, by the prompt: then the valve shuts and the program starts anew."""
        if self._lines is None:
            self._by_prompt()
            return
        if self._lines == self.port:
            self.close()  # nobody else may hold it
        with ResetLines(self._lines) as found:
            found.into_program()
        if self._lines == self.port:
            self._open()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._serial.close()

    def __enter__(self) -> SerialDesk:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self) -> None:
        try:
            self._serial = open_port(self.port, baudrate=_BAUD, timeout=0, exclusive=True)
        except (OSError, ValueError) as error:
            step = "davy doctor says what is wrong with it"
            raise BenchError("device", self.port, f"cannot be opened: {error}", step) from error

    def _by_prompt(self) -> None:
        # What follows an interrupt in one piece would be lost: the prompt first.
        self.write(_INTERRUPT)
        heard, end_s = b"", time.monotonic() + _PROMPT_WITHIN_S
        while not heard.endswith(_PROMPT):
            if time.monotonic() > end_s:
                raise BenchError(
                    "device", self.port, "shows no prompt", "press the unit's reset button, and calibrate again"
                )
            time.sleep(_LOOK_S)
            heard += self.read()
        self.write(b"import machine; machine.reset()\r")

    def _gone(self, error: Exception) -> BenchError:
        return BenchError("device", self.port, f"went away: {error}", "check the cable, and calibrate again")
