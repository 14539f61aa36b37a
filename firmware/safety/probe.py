# A voltage that must lie within limits: a heater's shunt, the ADC's reference. And a coil's current, which must be there
# when it is driven, and only then.
COIL_GOOD = 0
COIL_OPEN = 1
COIL_OVER = 2
COIL_STUCK_ON = 3
_SETTLE_MS = 200  # current through an inductance, and the median of nothing: it is looked at only after this
_PERSIST_MS = 300


class Probe:
    # uv limits are inclusive; negative readings are wrong too.
    def __init__(self, low_uv: int, high_uv: int) -> None:
        self._low_uv = low_uv
        self._high_uv = high_uv

    def right(self, uv: int) -> bool:
        return self._low_uv <= uv <= self._high_uv


class CoilWatch:
    # look() is called while the coil is driven, and each second when it is not.
    def __init__(self, low_uv: int, high_uv: int) -> None:
        self.finding = COIL_GOOD
        self._low_uv = low_uv
        self._high_uv = high_uv
        self._driven = 0
        self._since_ms = 0
        self._wrong_ms = 0

    def look(self, uv: int, driven: int, dt_ms: int) -> int:
        if driven != self._driven:
            self._driven = driven
            self._since_ms = 0
            self._wrong_ms = 0
        if self._since_ms < _SETTLE_MS:
            self._since_ms += dt_ms
            return self.finding
        now = self._seen(uv)
        if now == COIL_GOOD:
            self._wrong_ms = 0
            # What only shows in the other state is not put right by this one.
            if driven or self.finding == COIL_STUCK_ON:
                self.finding = COIL_GOOD
        else:
            self._wrong_ms += dt_ms
            if self._wrong_ms >= _PERSIST_MS:
                self._wrong_ms = _PERSIST_MS
                self.finding = now
        return self.finding

    def _seen(self, uv: int) -> int:
        if not self._driven:
            return COIL_STUCK_ON if uv >= self._low_uv else COIL_GOOD
        if uv < self._low_uv:
            return COIL_OPEN
        return COIL_OVER if uv > self._high_uv else COIL_GOOD
