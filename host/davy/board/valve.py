"""The gas valve as a mechanism: held open by its coil, closed by its spring, told by its contact."""

from __future__ import annotations

from typing import Literal

#: From the relay's edge to the new position. Assumed; solenoid gas valves state closing times under 1 s.
TRAVEL_MS = 300

ValveFault = Literal["stuck_open", "stuck_closed", "contact_open"]
VALVE_FAULTS: tuple[ValveFault, ...] = ("stuck_open", "stuck_closed", "contact_open")


class HeldValve:
    """A normally-closed valve: open only while, and TRAVEL_MS after, its coil is energised."""

    def __init__(self) -> None:
        self.energised = False
        self.is_open = False
        self.fault: ValveFault | None = None

    def settle(self) -> bool:
        """Take the position that coil and fault allow; True when it moved."""
        wanted = self.energised
        if self.fault == "stuck_open":
            wanted = self.is_open or wanted
        elif self.fault == "stuck_closed":
            wanted = False
        moved = wanted != self.is_open
        self.is_open = wanted
        return moved

    def contact_level(self, closed_level: int) -> int:
        """Level at the feedback pin. A contact whose wire is off reads as an open valve, whatever it is."""
        reads_closed = not self.is_open and self.fault != "contact_open"
        return closed_level if reads_closed else 1 - closed_level
