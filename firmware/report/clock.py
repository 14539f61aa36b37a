# The time of day: unknown until somebody says it, and never earlier than the day the firmware was made. Between two sayings
# it is counted by the ticks.
import time

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

UNKNOWN, SNTP, COMMAND = 0, 1, 2
_YEAR_2100_S = 4_102_444_800


class Clock:
    # floor_s: unix seconds of the firmware's making; calendar: a WallClock, which is what certificates are checked by, or
    # None; ticks: counts ms as `time` does. Until it is told better the calendar shows the floor.
    def __init__(self, floor_s: int, calendar: "Any" = None, ticks: "Any" = time) -> None:
        self.source = UNKNOWN
        self._floor_s = floor_s
        self._calendar = calendar
        self._set_s = 0
        self._ms = 0  # since then, beyond whole seconds
        self._time = ticks
        self._ticks: Any = 0
        if calendar is not None and calendar.read_s() < floor_s:
            calendar.set_s(floor_s)

    def set(self, unix_s: int, source: int) -> bool:
        # False, and nothing changed, for a time before the floor or after 2099.
        if not self._floor_s <= unix_s < _YEAR_2100_S:
            return False
        self._set_s = unix_s
        self._ms = 0
        self._ticks = self._time.ticks_ms()
        self.source = source
        if self._calendar is not None:
            self._calendar.set_s(unix_s)
        return True

    def now_s(self) -> int | None:
        # Unix seconds, None while unknown. Must be called at least once in six days.
        if self.source == UNKNOWN:
            return None
        ticks = self._time.ticks_ms()
        self._ms += self._time.ticks_diff(ticks, self._ticks)
        self._ticks = ticks
        if self._ms >= 1000:
            self._set_s += self._ms // 1000
            self._ms %= 1000
        return self._set_s
