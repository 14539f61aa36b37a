# A CO module that tells its own reading over a serial line (ZE07-CO): tenths of a ppm, each second.
#
# It has no fault flag and no word for warming up, so silence and time speak for it. Source: data sheet.
from safety.codes import OK, SATURATED, SILENT, WARMING

FULL_TENTHS = 5_000  # full scale, 500.0 ppm: from there on it is over the range, which is an alarm
WARM_UP_MS = 180_000
_BLIND_MS = 30_000
_HAZARD_TENTHS = 1_500  # [D] during the warm-up only this much counts, and it must last
_HAZARD_MS = 15_000
_SILENT_MS = 5_000
_EVERY_MS = 1_000
_CAP_MS = 0x0FFFFFFF


class CoSerial:
    heater_permille = 0

    def __init__(self) -> None:
        self.value_ppm = 0
        self.status = WARMING
        self._wait_ms = 0
        self._up_ms = 0
        self._silent_ms = 0
        self._hazard_ms = 0

    def compensate(self, permille: int) -> None:
        # It does so itself.
        pass

    def heater(self, warm: bool) -> None:
        # It has none.
        pass

    def wants_sample(self, dt_ms: int) -> bool:
        if self._up_ms < _CAP_MS:
            self._up_ms += dt_ms
        self._wait_ms += dt_ms
        return self._wait_ms >= _EVERY_MS

    def sample(self, tenths: int) -> None:
        # tenths: the newest reading since the last call, negative when none came.
        waited_ms, self._wait_ms = self._wait_ms, 0
        if tenths < 0:
            self._silent_ms += waited_ms if waited_ms < _SILENT_MS else _SILENT_MS
            if self._silent_ms >= _SILENT_MS:
                self._silent_ms = _SILENT_MS
                self._is(SILENT, 0)
            return
        self._silent_ms = 0
        if self._up_ms < WARM_UP_MS and not self._hazard(tenths, waited_ms):
            self._is(WARMING, 0)
        elif tenths >= FULL_TENTHS:
            self._is(SATURATED, 0)
        else:
            self._is(OK, (tenths + 5) // 10)

    def _hazard(self, tenths: int, waited_ms: int) -> bool:
        if tenths < _HAZARD_TENTHS or self._up_ms < _BLIND_MS:
            self._hazard_ms = 0
        elif self._hazard_ms < _HAZARD_MS:
            self._hazard_ms += waited_ms
        return self._hazard_ms >= _HAZARD_MS

    def _is(self, status: int, ppm: int) -> None:
        self.status = status
        self.value_ppm = ppm
