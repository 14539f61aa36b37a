# Uptime in ms beyond the wrap of the ticks. Not for interrupts: they keep ticks.
import time


class Uptime:
    # now_ms() must be called at least once in six days.
    def __init__(self) -> None:
        self._last = time.ticks_ms()
        self._uptime_ms = 0

    def now_ms(self) -> int:
        ticks = time.ticks_ms()
        self._uptime_ms += time.ticks_diff(ticks, self._last)
        self._last = ticks
        return self._uptime_ms

    def of_ticks(self, ticks: int) -> int:
        # Uptime at a moment not long ago.
        return self.now_ms() - time.ticks_diff(self._last, ticks)
