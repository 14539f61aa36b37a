# Two time bases against each other: the crystal's milliseconds and the RC oscillator's ticks. If one of them runs wrong,
# persistence times and preheat would be wrong too.
_FIRST_TOLERANCE_PERMILLE = 200  # [R] spread of RC oscillators as made
_LATER_TOLERANCE_PERMILLE = 100  # [R] with temperature
_LEAST_MS = 1_000
_MASK = (1 << 48) - 1


class Clocks:
    # nominal_hz: of the RC oscillator.
    def __init__(self, nominal_hz: int) -> None:
        self._nominal_hz = nominal_hz
        self._usual_hz = 0
        self._ticks = -1

    def wrong(self, ticks: int, passed_ms: int) -> bool:
        # ticks: the RC counter now, negative when it does not answer; passed_ms: since the last call, by the crystal.
        before, self._ticks = self._ticks, ticks
        if ticks < 0:
            return True
        if before < 0 or passed_ms < _LEAST_MS:
            return False
        hz = ((ticks - before) & _MASK) * 1_000 // passed_ms
        if not self._usual_hz:
            if _differ(hz, self._nominal_hz, _FIRST_TOLERANCE_PERMILLE):
                return True
            self._usual_hz = hz
        return _differ(hz, self._usual_hz, _LATER_TOLERANCE_PERMILLE)


def _differ(hz: int, expected_hz: int, permille: int) -> bool:
    return abs(hz - expected_hz) * 1_000 > expected_hz * permille
