# Uptime in ms beyond the wrap of the ticks.
import time

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Uptime:
    # now_ms() must be called at least once in six days: a report each few seconds does.
    def __init__(self) -> None:
        self._last = time.ticks_ms()
        self._uptime_ms = 0

    def now_ms(self) -> int:
        ticks = time.ticks_ms()
        self._uptime_ms += time.ticks_diff(ticks, self._last)
        self._last = ticks
        return self._uptime_ms

    def of_ticks(self, ticks: "Any") -> int:
        # Uptime at a moment given in ticks, up to six days back. Never negative.
        now_ms = self.now_ms()
        return max(0, now_ms - max(0, time.ticks_diff(self._last, ticks)))
