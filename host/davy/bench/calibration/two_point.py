"""Two gases, each seen twice: the unit's own number, how well it is known, and what is refused."""

from __future__ import annotations

import math
from dataclasses import dataclass

from davy.bench.calibration.budget import Part, combined, parts_of
from davy.bench.calibration.sensing import (
    COLDEST_DEGC,
    DRIEST_PERCENT,
    HOTTEST_DEGC,
    WETTEST_PERCENT,
    Climate,
    Sensing,
)
from davy.bench.calibration.stability import Steadiness

#: [D] By how much a sensor's answer may differ from the data sheet's, either way; beyond, it is another gas or a poisoned sensor.
_ANSWERS_FOLD = 1.6
#: Below this ratio between clean air and span nothing answers at all.
_NO_ANSWER = 1.15
#: [D] Between the two looks at one gas: more than the sensor's drift in minutes (data sheet and recordings: below 1 %) and its noise.
_MOST_DRIFT = 0.05
#: [D] A cell's zero may be off by so much of the span.
_MOST_OFFSET = 0.1


class Refused(Exception):
    """Measured nonsense. `why` says what was seen, `hint` what it may be."""

    def __init__(self, why: str, hint: str) -> None:
        self.why, self.hint = why, hint
        super().__init__(f"{why}; {hint}")


@dataclass(frozen=True)
class Point:
    """One steady reading: the voltage at the pin and its signal (as measured), in this climate."""

    gas: str
    uv: float
    seen: Steadiness
    climate: Climate
    at_s: float  # of the unit's clock


@dataclass(frozen=True)
class TwoPoint:
    """`value` is the number for the unit; `standard` its relative standard uncertainty, of which `expanded` is twice (k = 2)."""

    key: str
    value: int
    standard: float
    parts: tuple[Part, ...]
    answer: float
    answer_expected: float
    clean_drift: float
    span_drift: float

    @property
    def expanded(self) -> float:
        return 2.0 * self.standard


def check_climate(climate: Climate | None) -> Climate:
    """Raises Refused for a climate that is not known, or for which the data sheet has no correction."""
    if climate is None:
        raise Refused(
            "temperature and humidity are not known",
            "mend the unit's climate part, or give --temperature and --humidity",
        )
    if not COLDEST_DEGC <= climate.degc <= HOTTEST_DEGC or not DRIEST_PERCENT <= climate.rh_percent <= WETTEST_PERCENT:
        raise Refused(
            f"{climate.degc:.1f} degC and {climate.rh_percent:.0f} %RH are out of the data sheet's correction",
            f"calibrate at {COLDEST_DEGC:g} to {HOTTEST_DEGC:g} degC and {DRIEST_PERCENT:g} to {WETTEST_PERCENT:g} %RH",
        )
    return climate


def check_answer(sensing: Sensing, clean: Point, span: Point, span_ppm: float) -> float:
    """How strongly the sensor answers the span gas. Raises Refused when no sound sensor answers it so."""
    found = sensing.ratio(_free(sensing, clean), _free(sensing, span))
    expected = sensing.ratio_expected(span_ppm)
    if found < 1 / _NO_ANSWER:
        raise Refused(
            f"the sensor answers clean air more than span gas ({found:.2f})", "were the two taken for each other?"
        )
    if found < _NO_ANSWER:
        raise Refused(
            f"the sensor hardly answers the span gas ({found:.2f}, not about {expected:.2f})", "is the bottle open?"
        )
    if not expected / _ANSWERS_FOLD <= found <= expected * _ANSWERS_FOLD:
        hint = "the wrong gas or bottle, a poisoned sensor, or air that was not clean"
        raise Refused(f"the sensor answers the span gas by {found:.2f}, not by about {expected:.2f}", hint)
    return found


def two_point(
    sensing: Sensing, clean: tuple[Point, Point], span: tuple[Point, Point], span_ppm: float, tolerance: float
) -> TwoPoint:
    """`span_ppm` as certified, within the part `tolerance` (0..0.2). Raises Refused for what no sound unit in good gas gives."""
    for point in (*clean, *span):
        check_climate(point.climate)
    answer = check_answer(sensing, clean[0], span[0], span_ppm)
    check_answer(sensing, clean[1], span[1], span_ppm)
    clean_drift, span_drift = (_free(sensing, b) - _free(sensing, a) for a, b in (clean, span))
    for name, drift in (("clean air", clean_drift), ("span gas", span_drift)):
        if abs(drift) > _MOST_DRIFT:
            why = f"between two looks at {name} the reading moved by {drift * 100:+.1f} %"
            raise Refused(why, "let the unit warm up longer, keep draughts away, and begin again")
    clean_mean, span_mean = (sum(_free(sensing, point) for point in points) / 2 for points in (clean, span))
    if sensing.key != "r0_ohm" and abs(clean_mean) > _MOST_OFFSET:
        raise Refused(
            f"the zero is off by {clean_mean * 100:+.0f} % of the span",
            "the air was not clean, or the amplifier is off",
        )
    value = round(sensing.number(clean_mean, span_mean, span_ppm))
    if not sensing.low <= value <= sensing.high:
        why = f"{sensing.key} would be {value}, and a {sensing.part} has {sensing.low} to {sensing.high}"
        raise Refused(why, "another sensor or another load than the board's, or the wrong gas")
    parts = parts_of(sensing, clean, span, tolerance, clean_drift, span_drift)
    return TwoPoint(
        sensing.key, value, combined(parts), parts, answer, sensing.ratio_expected(span_ppm), clean_drift, span_drift
    )


def _free(sensing: Sensing, point: Point) -> float:
    free = sensing.free(point.seen.mean, point.climate)
    if not math.isfinite(free):
        raise ValueError(f"signal {point.seen.mean} of {point.gas}")
    return free
