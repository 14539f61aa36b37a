# The button at the device: a press counts once, after it was seen in two steps in a row, and only if it was seen
# released before: one that is stuck since the boot does nothing.
LONG_MS = 3_000

NONE = 0
PRESSED = 1
HELD_LONG = 2


class Button:
    def __init__(self) -> None:
        self._released = False
        self._down_ms = 0
        self._steps = 0

    def look(self, down: int, dt_ms: int) -> int:
        # NONE, PRESSED once a press, HELD_LONG once when it lasts.
        if not down:
            self._released = True
            self._steps = 0
            self._down_ms = 0
            return NONE
        if not self._released:
            return NONE
        if self._steps < 2:
            self._steps += 1
            return PRESSED if self._steps == 2 else NONE
        if self._down_ms < LONG_MS:
            self._down_ms += dt_ms
            if self._down_ms >= LONG_MS:
                return HELD_LONG
        return NONE
