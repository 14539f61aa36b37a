# The alarm level of CO: a dose, as standards ask for it. Each profile says how long each concentration may last.
#
# The dose grows at a rate that never falls with the concentration, and shrinks below the first point of the table. So
# air that is never above a row's concentration cannot alarm before that row's "not before", and air that is never
# below it cannot alarm after its "not after": in steps and in pulses as well as at a constant concentration.
from array import array

from safety.codes import CRITICAL, NORMAL, OK, SATURATED, WARNING

FULL = 168_000_000  # below 2**28, so that the largest step stays below 2**30
_STEP_MS = 100
_MINUTE_STEPS = 600
_RECOVERY_MINUTES = 60  # from a full dose to none in clean air [D]
_MOST_MS = 0x0FFFFFFF


class CoAlarm:
    # profile["co_points"]: (ppm, minutes to the alarm), rising; the first has minutes 0 for "never".
    def __init__(self, profile: dict) -> None:
        points = profile["co_points"]
        self.level = NORMAL
        self.dose = 0
        self._ppm = array("i", [point[0] for point in points])
        self._rate = array("i", [FULL // (point[1] * _MINUTE_STEPS) if point[1] else 0 for point in points])
        self._recovery = FULL // (_RECOVERY_MINUTES * _MINUTE_STEPS)
        self._instant_ppm = profile["co_instant_ppm"]
        self._warning_ppm = profile["co_warning_ppm"]
        self._clear_ppm = profile["co_clear_ppm"]
        self._instant_ms = profile["urgent_ms"]
        self._clear_ms = profile["clear_ms"]
        self._above_ms = 0
        self._below_ms = 0
        self._rest_ms = 0

    def quiet(self) -> bool:
        # Clean air would change nothing.
        return self.level == NORMAL and self.dose == 0 and self._above_ms == 0

    def rate(self, ppm: int) -> int:
        # Dose a step of 100 ms at a concentration; straight between the points, flat beyond the last.
        points = self._ppm
        last = len(points) - 1
        if ppm <= points[0]:
            return 0
        if ppm >= points[last]:
            return int(self._rate[last])
        at = 1
        while points[at] < ppm:
            at += 1
        low = self._rate[at - 1]
        return int(low + (self._rate[at] - low) * (ppm - points[at - 1]) // (points[at] - points[at - 1]))

    def decide(self, status: int, ppm: int, dt_ms: int, preheating: bool) -> bool:
        # True when the level changed. A reading that is no number changes neither dose nor level, except one over the
        # sensor's range, which is an alarm at once.
        if status == SATURATED:
            return self._raise(CRITICAL)
        if status != OK:
            self._below_ms = 0
            return False
        steps = (self._rest_ms + dt_ms) // _STEP_MS
        self._rest_ms = (self._rest_ms + dt_ms) % _STEP_MS
        self._grow(ppm, steps)
        if ppm < self._clear_ppm:
            self._above_ms = 0
            return self._below(dt_ms)
        self._below_ms = 0
        if ppm < self._instant_ppm:
            self._above_ms = 0
        elif self._above_ms < _MOST_MS:
            self._above_ms += dt_ms
        if self.dose >= FULL or self._above_ms >= self._instant_ms:
            return self._raise(CRITICAL)
        return ppm >= self._warning_ppm and self._raise(WARNING)

    def _grow(self, ppm: int, steps: int) -> None:
        if ppm <= self._ppm[0]:
            self.dose -= self._recovery * steps
            if self.dose < 0:
                self.dose = 0
            return
        self.dose += self.rate(ppm) * steps
        if self.dose > FULL:
            self.dose = FULL

    def _raise(self, level: int) -> bool:
        if self.level >= level:
            return False
        self.level = level
        return True

    def _below(self, dt_ms: int) -> bool:
        if self.level == NORMAL:
            return False
        self._below_ms += dt_ms
        if self._below_ms < self._clear_ms:
            return False
        self._below_ms = 0
        self.level = NORMAL
        return True
