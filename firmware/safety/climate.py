# How far temperature and humidity move a sensor from its curve's conditions, in thousandths of Rs (or of the current).
#
# Without a climate sensor, or with one that fails, the worst case of a dwelling is assumed: cold and dry, where an
# uncompensated sensor would read low.
from array import array

from safety.codes import ABSENT, OK, SILENT, WARMING

WORST_CDEGC = 0  # [R] household detectors work from 0 degC
WORST_RH_PERMILLE = 330
_LOW_RH_PERMILLE = 200  # the data sheets' two humidities carry this far
_HIGH_RH_PERMILLE = 950
_DRY_PERMILLE = 330
_WET_PERMILLE = 850
_COLDEST_CDEGC = -4_000
_HOTTEST_CDEGC = 12_500
_MISSES = 3  # readings in a row that fail before the last good one is given up


def between(points_cdegc: array, values: array, cdegc: int) -> int:
    # Straight between the points, flat beyond them.
    last = len(points_cdegc) - 1
    if cdegc <= points_cdegc[0]:
        return int(values[0])
    if cdegc >= points_cdegc[last]:
        return int(values[last])
    at = 1
    while points_cdegc[at] < cdegc:
        at += 1
    low = values[at - 1]
    span = points_cdegc[at] - points_cdegc[at - 1]
    return int(low + (values[at] - low) * (cdegc - points_cdegc[at - 1]) // span)


def factor_permille(points_cdegc: array, dry: array, wet: array, cdegc: int, rh_permille: int) -> int:
    # Rs at a temperature (0.01 degC) and humidity (1/1000) against Rs at 20 degC, 65 %RH. dry: at 33 %RH, wet: at 85 %RH.
    if rh_permille < _LOW_RH_PERMILLE:
        rh_permille = _LOW_RH_PERMILLE
    elif rh_permille > _HIGH_RH_PERMILLE:
        rh_permille = _HIGH_RH_PERMILLE
    at_dry = between(points_cdegc, dry, cdegc)
    at_wet = between(points_cdegc, wet, cdegc)
    return at_dry + (at_wet - at_dry) * (rh_permille - _DRY_PERMILLE) // (_WET_PERMILLE - _DRY_PERMILLE)


class Climate:
    # fitted: whether the board has a sensor. took() is told each of its readings.
    def __init__(self, fitted: bool) -> None:
        self.fitted = fitted
        self.status = WARMING if fitted else ABSENT
        self.cdegc = WORST_CDEGC
        self.rh_permille = WORST_RH_PERMILLE
        self._missed = 0

    def took(self, valid: bool, cdegc: int, rh_permille: int) -> bool:
        # True when what to reckon with has changed. A reading outside of what the part can measure is none.
        if not valid or not (_COLDEST_CDEGC <= cdegc <= _HOTTEST_CDEGC and 0 <= rh_permille <= 1000):
            if self._missed < _MISSES:
                self._missed += 1
                if self._missed == _MISSES:
                    self.status = SILENT
                    return self._now(WORST_CDEGC, WORST_RH_PERMILLE)
            return False
        self._missed = 0
        self.status = OK
        return self._now(cdegc, rh_permille)

    def _now(self, cdegc: int, rh_permille: int) -> bool:
        if cdegc == self.cdegc and rh_permille == self.rh_permille:
            return False
        self.cdegc = cdegc
        self.rh_permille = rh_permille
        return True
