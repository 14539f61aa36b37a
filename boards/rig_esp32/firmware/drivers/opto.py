# Inputs behind optocouplers, each change with the ticks at which it was seen.
import time
from array import array

import micropython

import machine

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FIRST_WITHOUT_PULL = 34
_PENDING = 128  # a power of two


class OptoInputs:
    # lines: (number, pin, active level) of each. wake: called after a change, from the interrupt's callback.
    # Each callback looks at every line, so that one which the port has dropped is made up for by the next.
    def __init__(self, lines: tuple, wake: "Any") -> None:
        self.lost = 0  # changes for which there was no room until take() came
        self._wake = wake
        self._lines = lines
        self._ticks: Any = array("i", bytes(4 * _PENDING))
        self._what = bytearray(_PENDING)
        self._put = 0
        self._taken = 0
        self._pins = [self._open(number, active) for _, number, active in lines]
        self._seen = [self._read(at) for at in range(len(lines))]
        for pin in self._pins:
            pin.irq(self._look, machine.Pin.IRQ_RISING | machine.Pin.IRQ_FALLING)

    def _open(self, number: int, active: int) -> machine.Pin:
        pull = (machine.Pin.PULL_UP,) if active == 0 and number < _FIRST_WITHOUT_PULL else ()
        return machine.Pin(number, machine.Pin.IN, *pull)

    def _read(self, at: int) -> int:
        return 1 if self._pins[at].value() == self._lines[at][2] else 0

    def _look(self, _: object) -> None:
        # Only as a scheduled callback: those do not interrupt each other.
        for at in range(len(self._lines)):
            level = self._read(at)
            if level != self._seen[at]:
                self._seen[at] = level
                self._keep(self._lines[at][0] << 1 | level)

    def _keep(self, what: int) -> None:
        if self._put - self._taken >= _PENDING:
            self.lost += 1
        else:
            slot = self._put & _PENDING - 1
            self._ticks[slot] = time.ticks_ms()
            self._what[slot] = what
            self._put += 1
        self._wake()

    def look(self) -> None:
        # What the interrupts may have missed.
        try:
            micropython.schedule(self._look, None)
        except RuntimeError:
            return  # the queue is full of looks

    def take(self) -> "tuple | None":
        # (ticks, line's number, level) of the oldest change that was not taken, or None.
        if self._taken == self._put:
            return None
        slot = self._taken & _PENDING - 1
        found = (self._ticks[slot], self._what[slot] >> 1, self._what[slot] & 1)
        self._taken += 1
        return found

    def levels(self) -> int:
        # Bits by number, now.
        bits = 0
        for at in range(len(self._lines)):
            bits |= self._read(at) << self._lines[at][0]
        return bits
