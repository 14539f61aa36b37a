# End of service: sensors age, so the time under power is counted, through power cuts.
_HOUR_MS = 3_600_000
_MOST_HOURS = 1_000_000


class Service:
    # hours: as kept; limit_hours: of the profile. Counts on beyond the limit.
    def __init__(self, hours: int, limit_hours: int) -> None:
        self.hours = hours if 0 <= hours <= _MOST_HOURS else _MOST_HOURS
        self._limit_hours = limit_hours
        self._part_ms = 0
        self.left_days = 0
        self._count()

    def ended(self) -> bool:
        return self.hours >= self._limit_hours

    def pass_time(self, ms: int) -> bool:
        # True when another hour is full.
        self._part_ms += ms
        if self._part_ms < _HOUR_MS:
            return False
        self._part_ms -= _HOUR_MS
        if self.hours < _MOST_HOURS:
            self.hours += 1
        self._count()
        return True

    def _count(self) -> None:
        left = self._limit_hours - self.hours
        self.left_days = (left + 23) // 24 if left > 0 else 0
