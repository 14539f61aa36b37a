# What the valve is told and what it says. Each kind opens by hand only; everything else can close it.
#
# A kind has: commanded_open; close(); open_by_hand(); output(dt_ms), the relay's level; fail_level, the level that a failed
# loop leaves behind; read_back(contact, checking, dt_ms), True when the state changed; state; fault.
from safety.codes import (
    VALVE_CHECKING,
    VALVE_CLOSED,
    VALVE_CLOSING,
    VALVE_FAILURE,
    VALVE_NOT_CONNECTED,
    VALVE_OPEN,
    VALVE_OPENING,
    VALVE_UNKNOWN,
)
from safety.probe import COIL_GOOD, COIL_OPEN, COIL_OVER, COIL_STUCK_ON, CoilWatch
from safety.tightness import Tightness

_CAP_MS = 0x0FFFFFFF
NO_CONTACT = -1
PULSE_MS = 500  # [W] products in the field
PULSE_EVERY_MS = 10_000  # [W]


class HeldValve:
    # Normally closed, held open by its relay: closes by itself when anything fails.
    fail_level = 0
    short_drive = False  # whether its coil is driven for less than a second at a time

    # coil: watches its current, None where the board cannot.
    def __init__(self, travel_ms: int, coil: "CoilWatch | None" = None) -> None:
        self.commanded_open = False
        self.coil = coil
        self.tightness = Tightness()
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
            self.tightness.opened()
            if self.coil is not None:
                self.coil.finding = COIL_GOOD

    def look_at_coil(self, uv: int, driven: int, dt_ms: int) -> None:
        if self.coil is not None:
            self.coil.look(uv, driven, dt_ms)

    def coil_open(self) -> bool:
        return self.coil is not None and self.coil.finding == COIL_OPEN

    def coil_over(self) -> bool:
        return self.coil is not None and self.coil.finding == COIL_OVER

    def coil_stuck_on(self) -> bool:
        return self.coil is not None and self.coil.finding == COIL_STUCK_ON

    def output(self, dt_ms: int) -> int:
        return 1 if self.commanded_open else 0

    def read_back(self, contact_closed: int, checking: bool, dt_ms: int) -> bool:
        # contact_closed: 1 closed, 0 not closed, NO_CONTACT when none is fitted; checking: a test moves it.
        before = self.state
        if contact_closed == NO_CONTACT:
            self.state = VALVE_UNKNOWN  # not assumed from the command
        elif self._fits(contact_closed):
            self._agrees(contact_closed)
        elif self._differs(dt_ms):
            self.state = VALVE_FAILURE
        else:
            self.state = VALVE_OPENING if self.commanded_open else VALVE_CLOSING
        if checking and (self.state == VALVE_CLOSING or self.state == VALVE_CLOSED):
            self.state = VALVE_CHECKING
        elif self.coil_open() and self.state != VALVE_CLOSED:
            self.state = VALVE_NOT_CONNECTED
        return self.state != before

    def _fits(self, contact_closed: int) -> bool:
        return (contact_closed == 0) == self.commanded_open

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

    def __init__(self, travel_ms: int, coil: "CoilWatch | None" = None) -> None:
        HeldValve.__init__(self, travel_ms, coil)
        self.commanded_open = True

    def output(self, dt_ms: int) -> int:
        return 0 if self.commanded_open else 1

    def _fits(self, contact_closed: int) -> bool:
        # Closed is never wrong: nobody may have opened it by hand yet.
        return bool(contact_closed) or self.commanded_open


class PulseValve(DemandedValve):
    # Its coil takes a short pulse; the pulse comes again as long as the demand lasts, whatever the contact says.
    short_drive = True

    def __init__(self, travel_ms: int, coil: "CoilWatch | None" = None) -> None:
        DemandedValve.__init__(self, travel_ms, coil)
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
