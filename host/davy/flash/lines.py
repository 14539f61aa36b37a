"""DTR and RTS of a port: the two lines that reset a chip and choose whether it starts its boot loader or its program.

They may be at another port than the serial line, as in some fixtures, and on a virtual board.
"""

from __future__ import annotations

import contextlib
import time
from types import TracebackType
from typing import Any

from davy.errors import DeskError
from davy.flash.serial_port import open_port

_HOLD_S = 0.1


class ResetLines:
    """Opens the port when it is first needed, and keeps it until `close`. Raises DeskError when its lines cannot be set."""

    def __init__(self, port: str) -> None:
        self.port = port
        self._serial: Any = None

    def into_boot_loader(self) -> None:
        """Reset the chip with IO0 held low."""
        self._reset(boot=True)

    def into_program(self) -> None:
        """Reset the chip with IO0 let go."""
        self._reset(boot=False)

    def close(self) -> None:
        if self._serial is not None:
            with contextlib.suppress(OSError):
                self._serial.close()
            self._serial = None

    def __enter__(self) -> ResetLines:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _reset(self, *, boot: bool) -> None:
        try:
            if self._serial is None:
                self._serial = open_port(self.port)
            line = self._serial
            line.dtr = False
            line.rts = True
            time.sleep(_HOLD_S)
            if boot:
                line.dtr = True
            line.rts = False
            time.sleep(_HOLD_S)
            line.dtr = False
        except (OSError, ValueError) as error:
            step = "name a port with reset lines"
            raise DeskError(self.port, f"its DTR and RTS cannot be set: {error}", step) from error


def into_boot_loader(port: str) -> None:
    """Once, on a port that nobody holds."""
    with ResetLines(port) as found:
        found.into_boot_loader()


def into_program(port: str) -> None:
    """Once, on a port that nobody holds."""
    with ResetLines(port) as found:
        found.into_program()
