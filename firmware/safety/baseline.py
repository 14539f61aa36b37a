# Slow drift of a methane sensor towards too-low readings, from what clean air looks like to it.
#
# Air can be no cleaner than clean. So when Rs/R0 is, for hours, higher than clean air's on the curve, the sensor has
# drifted up and reads too low: readings are then scaled by just that. Never the other way: gas lowers Rs, and a slow leak
# must not be learned as clean air. The correction is bounded, so that it cannot grow without end either.
MOST_PERMILLE = 1_300  # [D] the drift of +-25 % seen in the real recording, and a little
_UP_SHIFT = 6  # minutes of cleaner air: a time constant of about one hour
_DOWN_EVERY = 64  # minutes between two steps down: one in a thousand, so 20 % take nine days
_SETTLED_MINUTES = 30


class Baseline:
    # clean_permille: Rs/R0 of clean air on the curve.
    def __init__(self, clean_permille: int) -> None:
        self.permille = 1_000
        self._clean_permille = clean_permille
        self._fine = 1_000 << _UP_SHIFT
        self._age_minutes = 0

    def minute(self, ratio_permille: int) -> bool:
        # ratio_permille: Rs/R0 once a minute, freed of temperature and humidity; 0 when there is none. True on a change.
        if ratio_permille <= 0:
            return False
        self._age_minutes += 1
        if self._age_minutes <= _SETTLED_MINUTES:
            return False
        if self._age_minutes > _SETTLED_MINUTES + _DOWN_EVERY:
            self._age_minutes = _SETTLED_MINUTES + 1
        if ratio_permille > 100_000:
            ratio_permille = 100_000
        seen_permille = ratio_permille * 1_000 // self._clean_permille
        if seen_permille > MOST_PERMILLE:
            seen_permille = MOST_PERMILLE
        now = self._fine >> _UP_SHIFT
        if seen_permille > now:
            self._fine += seen_permille - now
        elif self._age_minutes == _SETTLED_MINUTES + _DOWN_EVERY and now > 1_000:
            self._fine -= 1 << _UP_SHIFT
        before = self.permille
        self.permille = self._fine >> _UP_SHIFT
        return self.permille != before
