"""DTR and RTS of a port, for a board whose reset lines are at another port than its serial line, as in some fixtures."""

from __future__ import annotations

import contextlib
import time

import serial

from davy.flash.trouble import DeskTrouble

_HOLD_S = 0.1


def into_boot_loader(port: str) -> None:
    """Reset the chip with IO0 held low. Raises DeskTrouble."""
    _with_lines(port, boot=True)


def into_program(port: str) -> None:
    """Reset the chip with IO0 let go. Raises DeskTrouble."""
    _with_lines(port, boot=False)


def _with_lines(name: str, *, boot: bool) -> None:
    try:
        with contextlib.closing(serial.serial_for_url(name)) as port:
            port.dtr = False
            port.rts = True
            time.sleep(_HOLD_S)
            if boot:
                port.dtr = True
            port.rts = False
            time.sleep(_HOLD_S)
            port.dtr = False
    except (OSError, ValueError) as error:
        raise DeskTrouble(name, f"its DTR and RTS cannot be set: {error}", "name a port with reset lines") from error
