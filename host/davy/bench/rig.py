"""What a rig can do to a device and see of it, whether it is a microcontroller on a bench or a virtual board's surroundings.

Every act has the time at which it took effect, and every edge the time at which it was seen, both on the rig's one clock: what is
measured between them knows nothing of a serial line's or a computer's delays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

#: An output that is let go: a stimulus line is not driven, as a sensor that is not plugged in.
RELEASED = -1


@dataclass(frozen=True)
class Output:
    """A line that the rig drives; `low`..`high` in `unit`, RELEASED besides where `releasable`. `rest` is where it stands idle."""

    unit: str
    low: int
    high: int
    rest: int
    releasable: bool = False


#: Where the valve's contact comes from: it follows the coil after the valve's travel, stays where it is, or its wire is off.
CONTACT_FOLLOWS, CONTACT_STUCK, CONTACT_OFF = 0, 1, 2
#: What a serial CO module does on its line.
CO_SILENT, CO_UPLOADS, CO_GARBLED, CO_ONLY_ASKED = 0, 1, 2, 3

OUTPUTS: dict[str, Output] = {
    "power": Output("", 0, 1, 1),  # of the device, by a relay
    "methane_uv": Output("uV", 0, 3_300_000, RELEASED, releasable=True),  # at the device's ADC pin
    "co_uv": Output("uV", 0, 3_300_000, RELEASED, releasable=True),
    "methane_heater_uv": Output(
        "uV", 0, 3_300_000, 150_000, releasable=True
    ),  # at the pin that senses the heater's shunt
    "co_heater_uv": Output("uV", 0, 3_300_000, 150_000, releasable=True),
    "co_mode": Output("", CO_SILENT, CO_ONLY_ASKED, CO_UPLOADS),
    "co_tenths_ppm": Output("0.1 ppm", 0, 65_535, 0),  # what a serial CO module tells
    "button": Output("", 0, 1, 0),  # 1 pressed
    "tamper": Output("", 0, 1, 0),  # 1 case open
    "contact": Output("", CONTACT_FOLLOWS, CONTACT_OFF, CONTACT_FOLLOWS),
    "coil_broken": Output("", 0, 1, 0),  # 1: the coil's circuit is open
    "reset": Output("", 0, 1, 0),  # 1: the device's EN is held low
    "boot": Output("", 0, 1, 0),  # 1: its GPIO0 is held low
}

#: Lines whose edges are seen: device supplied, coil energised, contact closed, siren sounding, lamps lit.
INPUTS = ("power", "coil", "contact", "siren", "green", "yellow", "red")

#: What can be read as a number, and in what unit.
READINGS: dict[str, str] = {
    "supply_uv": "uV",  # of the device, behind the relay
    "coil_ua": "uA",
    "coil_bus_uv": "uV",  # over coil and its driver
    "methane_loop_uv": "uV",  # the stimulus as the rig's own ADC sees it
    "co_loop_uv": "uV",
}


@dataclass(frozen=True)
class Edge:
    """`line` (of INPUTS) went to `level` at `t_ms` of the rig's clock."""

    t_ms: int
    line: str
    level: int


@dataclass(frozen=True)
class RigAbout:
    """Who the rig says it is. `wiring` names its wiring file; `calibrated` is a date, or empty."""

    kind: str
    firmware: str
    wiring: str
    calibrated: str = ""


class Rig(Protocol):
    """One rig. Everything raises BenchError (cause `rig`) when the rig does not answer, and ValueError for what it does not have."""

    outputs: frozenset[str]
    inputs: frozenset[str]
    readings: frozenset[str]

    def about(self) -> RigAbout:
        """Asked for anew at each call."""

    def now_ms(self) -> int:
        """The rig's clock; it never goes back while the rig has power."""

    def set(self, output: str, value: int, hold_ms: int = 0) -> int:
        """Put an output to a value, in its unit; with hold_ms back to where it was so much later. The ms when it took effect."""

    def play(self, output: str, period_ms: int, values: Sequence[int]) -> int:
        """Put an output to one value after the other (at most 1,000), a period apart; the last one stays. The ms of the first."""

    def edges(self, since_ms: int) -> list[Edge]:
        """Edges seen from since_ms on, in their order."""

    def level(self, line: str) -> int:
        """Of an input, now."""

    def reading(self, name: str) -> int:
        """Of READINGS, now, in its unit."""

    def rest(self) -> None:
        """Every output to where it stands idle."""

    def close(self) -> None:
        """Let the rig go; its outputs stay."""


def check_output(outputs: frozenset[str], output: str, value: int) -> None:
    """Raises ValueError for an output that is not there, or a value out of its range."""
    if output not in outputs:
        raise ValueError(f"this rig has no output {output!r}: it has {', '.join(sorted(outputs))}")
    kind = OUTPUTS[output]
    if not (kind.low <= value <= kind.high or (kind.releasable and value == RELEASED)):
        raise ValueError(f"{output} = {value}: it is {kind.low}..{kind.high} {kind.unit}".rstrip())
