# The emulated valve's contact: closed while the coil is dead, and as late as a spring is. Or stuck, or its wire off.
from rig_protocol.messages import CONTACT_FOLLOWS, CONTACT_OFF

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Contact:
    # switch: closes the device's contact. saw(t_ms, level): told of each change of it.
    def __init__(self, switch: "Any", agenda: "Any", uptime: "Any", travel_ms: int, saw: "Any") -> None:
        self.closed = 1
        self._switch = switch
        self._agenda = agenda
        self._uptime = uptime
        self._travel_ms = travel_ms
        self._saw = saw
        self._mode = CONTACT_FOLLOWS
        self._coil = 0
        self._coil_ms = -travel_ms  # when it changed
        switch.set(1)

    def coil(self, t_ms: int, energised: int) -> None:
        # The coil has changed at a time.
        self._coil = energised
        self._coil_ms = t_ms
        if self._mode == CONTACT_FOLLOWS:
            self._agenda.at("contact", t_ms + self._travel_ms, self._settle)

    def set(self, mode: int) -> None:
        self._mode = mode
        self._agenda.cancel("contact")
        if mode == CONTACT_FOLLOWS:
            due_ms = self._coil_ms + self._travel_ms
            if due_ms > self._uptime.now_ms():
                self._agenda.at("contact", due_ms, self._settle)
            else:
                self._settle(due_ms)
        if mode == CONTACT_OFF:
            self._move(0)

    def _settle(self, _due_ms: int) -> None:
        self._move(1 - self._coil)

    def _move(self, closed: int) -> None:
        if closed != self.closed:
            self.closed = closed
            self._switch.set(closed)
            self._saw(self._uptime.now_ms(), closed)
