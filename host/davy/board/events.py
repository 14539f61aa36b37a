"""What a virtual board shows to the outside, with the virtual time it happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

#: Kinds of events, and what their data holds.
KINDS = {
    "power": "on: bool",
    "boot": "cause: int (machine.reset_cause)",
    "reset": "cause: int, why: str",
    "console": "text: str, one line",
    "relay": "on: bool, the valve relay's output",
    "valve": "open: bool, the mechanism's position",
    "siren": "on: bool",
    "lamp": "colours: str, such as 'green' or 'red+yellow' or 'off'",
    "heater": "duty_permille: int",
    "frame": "frame: a davy.codec result from the serial line",
    "wifi": "state: str (joined, refused, left, lost)",
    "net": "what: str, of a connection",
    "button": "hold_ms: int",
    "fault": "text: str, a fault put in from outside",
}


@dataclass(frozen=True)
class BoardEvent:
    """One happening: virtual ms since the board was made, a kind out of KINDS, and its data."""

    t_ms: int
    kind: str
    data: dict[str, Any] = field(default_factory=dict)


Listener = Callable[[BoardEvent], None]
