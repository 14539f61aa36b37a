"""Opening a serial port, by device or by URL."""

from __future__ import annotations

from typing import Any

import serial

#: pyserial gives a server of RFC 2217 three seconds for an answer, which a busy one may miss.
_PATIENCE_S = 20


def open_port(name: str, **options: Any) -> Any:
    """As pyserial opens it. Raises OSError or ValueError when it cannot."""
    if name.startswith("rfc2217://") and "?" not in name:
        name = f"{name}?timeout={_PATIENCE_S}"
    return serial.serial_for_url(name, **options)
