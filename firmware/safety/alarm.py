# The alarm level of one gas: persistence on the way up, hysteresis on the way down.
#
# Between the clear threshold and the set-point a running persistence neither grows nor starts again, so noise at the
# set-point cannot put an alarm off for ever.
from safety.codes import CRITICAL, NORMAL, OK, SATURATED, WARNING

_FOREVER_MS = 0x0FFFFFFF


class GasAlarm:
    def __init__(self, warning_at: int, critical_at: int, urgent_at: int, clear_below: int, profile: dict) -> None:
        self.level = NORMAL
        self._warning_at = warning_at
        self._critical_at = critical_at
        self._urgent_at = urgent_at
        self._clear_below = clear_below
        self._warning_ms = profile["warning_ms"]
        self._alarm_ms = profile["alarm_ms"]
        self._urgent_persist_ms = profile["urgent_ms"]
        self._preheat_alarm_ms = profile["preheat_alarm_ms"]
        self._clear_ms = profile["clear_ms"]
        self._above_warning_ms = 0
        self._above_critical_ms = 0
        self._above_urgent_ms = 0
        self._below_ms = 0

    def quiet(self) -> bool:
        # Nothing is pending: a reading below the clear threshold would change nothing.
        return self.level == NORMAL and self._above_warning_ms == 0 and self._above_urgent_ms == 0

    def decide(self, status: int, value: int, dt_ms: int, preheating: bool) -> bool:
        # True when the level changed. A reading that is no number never lowers the level, and only one over the
        # sensor's range raises it.
        if status == OK:
            if value < self._clear_below:
                return self._below(dt_ms)
        elif status == SATURATED:
            value = _FOREVER_MS
        else:
            self._below_ms = 0
            return False
        self._below_ms = 0
        if value >= self._urgent_at:
            if self._above_urgent_ms < _FOREVER_MS:
                self._above_urgent_ms += dt_ms
        else:
            self._above_urgent_ms = 0
        if preheating:
            # The sensor still settles: only what is far above the set-point counts, and it must last.
            if self._above_urgent_ms >= self._preheat_alarm_ms:
                return self._raise(CRITICAL)
            return False
        if value >= self._critical_at and self._above_critical_ms < _FOREVER_MS:
            self._above_critical_ms += dt_ms
        if value >= self._warning_at and self._above_warning_ms < _FOREVER_MS:
            self._above_warning_ms += dt_ms
        if self._above_urgent_ms >= self._urgent_persist_ms or self._above_critical_ms >= self._alarm_ms:
            return self._raise(CRITICAL)
        if self._above_warning_ms >= self._warning_ms:
            return self._raise(WARNING)
        return False

    def _raise(self, level: int) -> bool:
        if self.level >= level:
            return False
        self.level = level
        return True

    def _below(self, dt_ms: int) -> bool:
        self._above_warning_ms = 0
        self._above_critical_ms = 0
        self._above_urgent_ms = 0
        if self.level == NORMAL:
            return False
        self._below_ms += dt_ms
        if self._below_ms < self._clear_ms:
            return False
        self._below_ms = 0
        self.level = NORMAL
        return True
