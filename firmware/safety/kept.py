# What outlives a power cut, as the safety loop sees it: what is wanted in the store, and what it has taken.
# For the type checker only.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LATCH = 0
MEMORY = 1  # which gases have alarmed, by bit, until the memory is cleared at the device
HOURS = 2  # of service
SLOTS = 3
_RETRY_STEPS = 100
_UNKNOWN = -1


class Kept:
    # values: one of each slot, as read at the start; negative when the store could not tell.
    def __init__(self, values: tuple, save: "Any") -> None:
        self._save = save
        self.wanted = [value if value >= 0 else 0 for value in values]
        self.stored = [value if value >= 0 else _UNKNOWN for value in values]
        self.pending = -1 in self.stored
        self._wait = 0

    def want(self, slot: int, value: int) -> None:
        self.wanted[slot] = value
        self.pending = True

    def step(self) -> bool:
        # Writes what is pending, the latch first and one slot a step. False when the store refused.
        if self._wait > 0:
            self._wait -= 1
            return True
        for slot in range(SLOTS):
            if self.wanted[slot] != self.stored[slot]:
                if not self._save(slot, self.wanted[slot]):
                    self._wait = _RETRY_STEPS
                    return False
                self.stored[slot] = self.wanted[slot]
                return True
        self.pending = False
        return True
