"""Gas valves as mechanisms: how each kind moves with its coil, and what its contact tells."""

from __future__ import annotations

from typing import Literal

#: From the relay's edge to the new position. Assumed; solenoid gas valves state closing times under 1 s.
TRAVEL_MS = 300

ValveFault = Literal["stuck_open", "stuck_closed", "contact_open", "coil_open", "coil_short", "relay_welded", "leaking"]
VALVE_FAULTS: tuple[ValveFault, ...] = (
    "stuck_open", "stuck_closed", "contact_open", "coil_open", "coil_short", "relay_welded", "leaking",
)  # fmt: skip


class Mechanism:
    """A valve: its coil (`energised`), its position, a fault if one was put in."""

    def __init__(self, kind: str) -> None:
        """`kind` as in board files: held_nc, relay, pulse. The demanded ones are open as installed."""
        self._held = kind == "held_nc"
        self.energised = False
        self.is_open = not self._held
        self.fault: ValveFault | None = None

    def settle(self) -> bool:
        """Take the position that coil and fault allow, TRAVEL_MS after the coil's edge; True when it moved."""
        # A demanded valve is closed by energy, and without it stays where it is.
        energy = (self.energised and self.fault != "coil_open") or self.fault == "relay_welded"
        return self._move(energy if self._held else self.is_open and not energy)

    @property
    def passes_gas(self) -> bool:
        """Whether gas flows: a leaking valve does not hold it back however it stands."""
        return self.is_open or self.fault == "leaking"

    def open_by_hand(self) -> bool:
        """Lift the lever of a valve that is not held; True when it moved. A coil that closes it wins."""
        return not self._held and not self.energised and self._move(True)

    def _move(self, wanted: bool) -> bool:
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
