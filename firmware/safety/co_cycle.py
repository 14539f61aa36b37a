# The MQ-7's heater cycle: 60 s at 5 V cleans the surface, 90 s at 1.4 V lets CO show. Only the end of the low
# phase gives a reading; it is held, with its status, until the next. Source: data sheet.
from safety.codes import ABSENT, HEATER, OK, OPEN, SHORT, SILENT, STUCK, UNCALIBRATED, WARMING
from safety.concentration import OPEN_UV, MqReading

HIGH_MS = 60_000
LOW_MS = 90_000
WINDOW_MS = 1_500  # at the end of the low phase
HIGH_PERMILLE = 1000
LOW_PERMILLE = 78  # 1.4 V RMS out of 5 V
CHECK_MS = 1_000  # between two looks whether the sensor is there at all
_HEATER_SETTLED_MS = 2_000  # the current is looked at only when it has come up
_BAD_LOOKS = 3
_STUCK_LOOKS = 25  # a second or less each, without any noise


class CoCycle:
    # reading: the sensor's MqReading, or None when the board has none.
    def __init__(self, reading: MqReading | None, short_uv: int) -> None:
        self.value_ppm = 0
        self.status = ABSENT if reading is None else WARMING if reading.calibrated else UNCALIBRATED
        self.heater_permille = 0 if reading is None else HIGH_PERMILLE
        self.reading = reading
        self.uv = -1  # at the end of the newest low phase
        self._short_uv = short_uv
        self._low = False
        self._phase_ms = 0
        self._check_ms = 0
        self._bad = 0  # looks in a row that found no sensor
        self._cold = 0  # looks in a row that found no heater current
        self._last_uv = -1
        self._same = 0  # looks in a row that found the very same voltage

    def compensate(self, permille: int) -> None:
        if self.reading is not None:
            self.reading.compensate(permille)

    def heater(self, warm: bool) -> None:
        # Told each second whether the heater's current is as it should be, while it is on.
        if self._phase_ms < _HEATER_SETTLED_MS:
            return
        if warm:
            self._cold = 0
        elif self._cold < _BAD_LOOKS:
            self._cold += 1
            if self._cold == _BAD_LOOKS:
                self.value_ppm = 0
                self.status = HEATER

    def wants_sample(self, dt_ms: int) -> bool:
        # Move on by dt_ms; True when sample() is to be called in this step.
        if self.reading is None:
            return False
        phase_ms = self._phase_ms + dt_ms
        if self._low:
            if phase_ms >= LOW_MS:
                self._finish()
                phase_ms = 0
        elif phase_ms >= HIGH_MS:
            self._low = True
            self.heater_permille = LOW_PERMILLE
            self.reading.forget()
            phase_ms = 0
        self._phase_ms = phase_ms
        if self._low and phase_ms >= LOW_MS - WINDOW_MS:
            return True
        self._check_ms += dt_ms
        if self._check_ms >= CHECK_MS:
            self._check_ms = 0
            return True
        return False

    def sample(self, uv: int) -> None:
        # uv: microvolts at the pin, negative when the ADC gave none.
        reading = self.reading
        if reading is None:
            return
        if OPEN_UV < uv < self._short_uv:
            self._bad = 0
            self._look_for_noise(uv)
        elif self._bad < 2:
            self._bad += 1
        elif self._cold < _BAD_LOOKS:
            # In any phase: no phase makes a connected sensor look like this.
            self.value_ppm = 0
            self.status = SILENT if uv < 0 else OPEN if uv <= OPEN_UV else SHORT
        if self._low and self._phase_ms >= LOW_MS - WINDOW_MS:
            reading.sample(uv)

    def _look_for_noise(self, uv: int) -> None:
        if uv != self._last_uv:
            self._last_uv = uv
            self._same = 0
        elif self._same < _STUCK_LOOKS:
            self._same += 1
            if self._same == _STUCK_LOOKS:
                self.value_ppm = 0
                self.status = STUCK

    def _finish(self) -> None:
        reading = self.reading
        self._low = False
        self.heater_permille = HIGH_PERMILLE
        if reading is not None:
            self.uv = reading.filter.uv
        if reading is not None and self._bad < 2 and self._cold < _BAD_LOOKS and self._same < _STUCK_LOOKS:
            self.status = reading.status
            self.value_ppm = reading.value_ppm if reading.status == OK else 0
