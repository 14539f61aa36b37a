# What the valve is told and what it says. Each kind opens by hand only; everything else can close it.
#
# A kind has: commanded_open; close(); open_by_hand(); output(dt_ms), the relay's level; fail_level, the level that a failed
# loop leaves behind; read_back(contact, dt_ms), True when the state changed; state; fault.
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
PULSE_MS = 500  # [W] products in the field
PULSE_EVERY_MS = 10_000  # [W]


class HeldValve:
    # Normally closed, held open by its relay: closes by itself when anything fails.
    fail_level = 0

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

    def output(self, dt_ms: int) -> int:
        return 1 if self.commanded_open else 0

    def read_back(self, contact_closed: int, dt_ms: int) -> bool:
        # contact_closed: 1 closed, 0 not closed, NO_CONTACT when none is fitted.
        before = self.state
        if contact_closed == NO_CONTACT:
            self.state = VALVE_UNKNOWN  # not assumed from the command
        elif (contact_closed == 0) == self.commanded_open:
            self._agrees(contact_closed)
        elif self._differs(dt_ms):
            self.state = VALVE_FAILURE
        else:
            self.state = VALVE_OPENING if self.commanded_open else VALVE_CLOSING
        return self.state != before

    def _agrees(self, contact_closed: int) -> None:
        self._differs_ms = 0
        self.fault = False
        self.state = VALVE_CLOSED if contact_closed else VALVE_OPEN

    def _differs(self, dt_ms: int) -> bool:
        # True when it has done so for longer than the valve's travel takes.
        if self._differs_ms < _CAP_MS:
            self._differs_ms += dt_ms
        if self._differs_ms > self._travel_ms:
            self.fault = True
        return self.fault


class DemandedValve(HeldValve):
    # Closes on demand and is opened again at the valve itself, by hand. Needs energy to close: a dead controller
    # leaves the gas on. The plain relay holds its demand.
    fail_level = 1

    def __init__(self, travel_ms: int) -> None:
        HeldValve.__init__(self, travel_ms)
        self.commanded_open = True

    def output(self, dt_ms: int) -> int:
        return 0 if self.commanded_open else 1

    def read_back(self, contact_closed: int, dt_ms: int) -> bool:
        # Closed is never wrong: nobody may have opened it by hand yet.
        before = self.state
        if contact_closed == NO_CONTACT:
            self.state = VALVE_UNKNOWN
        elif contact_closed or self.commanded_open:
            self._agrees(contact_closed)
        else:
            self.state = VALVE_FAILURE if self._differs(dt_ms) else VALVE_CLOSING
        return self.state != before


class PulseValve(DemandedValve):
    # Its coil takes a short pulse; the pulse comes again as long as the demand lasts, whatever the contact says.
    def __init__(self, travel_ms: int) -> None:
        DemandedValve.__init__(self, travel_ms)
        self._cycle_ms = 0

    def close(self) -> None:
        if self.commanded_open:
            self._cycle_ms = 0
        DemandedValve.close(self)

    def output(self, dt_ms: int) -> int:
        if self.commanded_open:
            return 0
        level = 1 if self._cycle_ms < PULSE_MS else 0
        self._cycle_ms += dt_ms
        if self._cycle_ms >= PULSE_EVERY_MS:
            self._cycle_ms = 0
        return level


KINDS = {"held_nc": HeldValve, "relay": DemandedValve, "pulse": PulseValve}
