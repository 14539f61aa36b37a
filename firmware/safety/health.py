# Fault bits: what is wrong is shown whatever else is shown, and leaves only after it was right for a while.
from safety.codes import (
    EVENT_FAULT,
    EVENT_FAULT_CLEARED,
    FAULTS,
    NO_GAS,
    OK,
    SATURATED,
    WARMING,
)
from safety.events import EventRing

_CAP_MS = 0x0FFFFFFF


class Health:
    def __init__(self, events: EventRing, fault_ms: int, clear_ms: int) -> None:
        self.bits = 0
        self._events = events
        self._fault_ms = fault_ms
        self._clear_ms = clear_ms
        self._wrong_ms = [0] * FAULTS
        self._right_ms = [0] * FAULTS

    def set(self, bit: int, now_ms: int, gas: int, detail: int) -> None:
        # At once.
        self._right_ms[bit] = 0
        if not self.bits & 1 << bit:
            self.bits |= 1 << bit
            self._events.push(EVENT_FAULT, now_ms, gas, bit, detail)

    def watch(self, bit: int, wrong: bool, now_ms: int, dt_ms: int, gas: int, detail: int) -> None:
        # With persistence both ways.
        if wrong:
            self._right_ms[bit] = 0
            if self._wrong_ms[bit] < _CAP_MS:
                self._wrong_ms[bit] += dt_ms
            if self._wrong_ms[bit] >= self._fault_ms:
                self.set(bit, now_ms, gas, detail)
        elif self.bits & 1 << bit:
            self._wrong_ms[bit] = 0
            self._right_ms[bit] += dt_ms
            if self._right_ms[bit] >= self._clear_ms:
                self.bits &= ~(1 << bit)
                self._events.push(EVENT_FAULT_CLEARED, now_ms, NO_GAS, bit, 0)
        else:
            self._wrong_ms[bit] = 0

    def concerns(self, bit: int) -> bool:
        # Whether a look that finds all well would change anything.
        return self._wrong_ms[bit] > 0 or bool(self.bits & 1 << bit)

    def clear(self, bit: int, now_ms: int) -> None:
        # At once: for what is looked at seldom, and is right now.
        if self.bits & 1 << bit:
            self.bits &= ~(1 << bit)
            self._events.push(EVENT_FAULT_CLEARED, now_ms, NO_GAS, bit, 0)

    def has(self, bit: int) -> bool:
        return bool(self.bits & 1 << bit)

    def wrong_for_ms(self, bit: int) -> int:
        return self._wrong_ms[bit]


def is_fault(status: int) -> bool:
    # A reading that says the sensor is broken, rather than that it waits or is overwhelmed.
    # Compared one by one: a tuple of names would be made anew at each call.
    return status != OK and status != WARMING and status != SATURATED
