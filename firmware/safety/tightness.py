# Whether a valve that reads closed is tight: behind a tight one the gas can only become less.
_MARK_AFTER_MS = 60_000  # what is in the room mixes, and the sensor follows
_COMPARE_MS = 300_000
_RISE_PERMILLE = 1_100
_RISE_PPM = 200


class Tightness:
    def __init__(self) -> None:
        self.leaking = False
        self._closed_ms = 0
        self._mark_ppm = -1

    def look(self, closed_in_alarm: bool, ppm: int, dt_ms: int) -> None:
        # Called each second. closed_in_alarm: it reads closed, gas is critical and the reading is a number.
        if not closed_in_alarm:
            self._closed_ms = 0
            self._mark_ppm = -1
            return
        self._closed_ms += dt_ms
        if self._mark_ppm < 0:
            if self._closed_ms >= _MARK_AFTER_MS:
                self._mark_ppm = ppm
                self._closed_ms = 0
        elif self._closed_ms >= _COMPARE_MS:
            self.leaking = ppm > self._mark_ppm * _RISE_PERMILLE // 1_000 + _RISE_PPM
            self._mark_ppm = ppm
            self._closed_ms = 0

    def opened(self) -> None:
        # Somebody opened the valve by hand: it is judged anew when it closes next.
        self.leaking = False
