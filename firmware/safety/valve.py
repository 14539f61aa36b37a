# A normally-closed valve held open by its relay. It opens by the button only; everything else can close it.
from safety.codes import (
    VALVE_CLOSED,
    VALVE_CLOSING,
    VALVE_FAILURE,
    VALVE_OPEN,
    VALVE_OPENING,
    VALVE_UNKNOWN,
)

_CAP_MS = 0x0FFFFFFF
NO_CONTACT = -1


class HeldValve:
    def __init__(self, travel_ms: int) -> None:
        self.commanded_open = False
        self.state = VALVE_UNKNOWN
        self.fault = False
        self._travel_ms = travel_ms
        self._differs_ms = 0

    def close(self) -> None:
        if self.commanded_open:
            self.commanded_open = False
            self._differs_ms = 0

    def open_by_hand(self) -> None:
        # The one way to open: the caller has seen the button pressed, and that nothing speaks against it.
        if not self.commanded_open:
            self.commanded_open = True
            self._differs_ms = 0

    def read_back(self, contact_closed: int, dt_ms: int) -> bool:
        # contact_closed: 1 closed, 0 not closed, NO_CONTACT when none is fitted. True when the state changed.
        before = self.state
        if contact_closed == NO_CONTACT:
            self.state = VALVE_UNKNOWN  # not assumed from the command
        elif (contact_closed == 0) == self.commanded_open:
            self._differs_ms = 0
            self.fault = False
            self.state = VALVE_OPEN if self.commanded_open else VALVE_CLOSED
        else:
            if self._differs_ms < _CAP_MS:
                self._differs_ms += dt_ms
            if self._differs_ms > self._travel_ms:
                self.fault = True
                self.state = VALVE_FAILURE
            else:
                self.state = VALVE_OPENING if self.commanded_open else VALVE_CLOSING
        return self.state != before
