# What happened, for those who report it: a ring of five integers an event. It never grows and never blocks; what
# finds no room is counted.
from array import array

FIELDS = 5
CAPACITY = 64


class EventRing:
    def __init__(self) -> None:
        self.lost = 0
        self._cells = array("i", [0] * (FIELDS * CAPACITY))
        self._first = 0
        self._held = 0

    def push(self, kind: int, t_ms: int, gas: int, detail: int, value: int) -> bool:
        # False when there is no room: the oldest stay, for they tell how it began.
        if self._held == CAPACITY:
            if self.lost < 0x3FFFFFFF:
                self.lost += 1
            return False
        at = (self._first + self._held) % CAPACITY * FIELDS
        cells = self._cells
        cells[at] = kind
        cells[at + 1] = t_ms
        cells[at + 2] = gas
        cells[at + 3] = detail
        cells[at + 4] = value
        self._held += 1
        return True

    def pop(self, into: array) -> bool:
        # The oldest event into an array of five; False when there is none.
        if self._held == 0:
            return False
        at = self._first * FIELDS
        for offset in range(FIELDS):
            into[offset] = self._cells[at + offset]
        self._first = (self._first + 1) % CAPACITY
        self._held -= 1
        return True
