"""The uncertainty of a calibration, part by part, as relative standard uncertainties of the number (GUM: JCGM 100)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from davy.bench.calibration.sensing import Climate, Sensing
    from davy.bench.calibration.two_point import Point

_RECTANGULAR = 1.0 / math.sqrt(3.0)
#: Half-widths. The curve is read off the data sheet's plot to 1..2 % (the hardware notes); its climate factors likewise.
_CURVE = 0.02
_CLIMATE_TABLE = 0.02
#: [D] A metal-oxide sensor wanders by so much within hours, which a session of minutes does not see; a cell by less.
_WANDER = {"r0_ohm": 0.02, "sensitivity_pa_per_ppm": 0.01}
#: A cell's line is straight (data sheet); its temperature factors are read to 1 %.
_CELL_CURVE = 0.01


@dataclass(frozen=True)
class Part:
    """`kind` A is from repeated readings, B from what is known otherwise."""

    name: str
    kind: str
    standard: float


def parts_of(
    sensing: Sensing,
    clean: tuple[Point, Point],
    span: tuple[Point, Point],
    tolerance: float,
    clean_drift: float,
    span_drift: float,
) -> tuple[Part, ...]:
    """Of a calibration by these points; a span gas within `tolerance` of its certificate (rectangular)."""
    cell = sensing.key != "r0_ohm"
    curve = _CELL_CURVE if cell else _CURVE
    points = (*span, *clean) if cell else span
    spread = math.sqrt(sum(point.seen.of_mean**2 for point in points)) / 2
    drift = math.hypot(span_drift, clean_drift) if cell else span_drift
    return (
        Part("spread of the readings", "A", spread),
        Part("between the two looks", "A", abs(drift) / 2),
        Part("span gas", "B", tolerance * sensing.span_share * _RECTANGULAR),
        Part("gas curve", "B", curve * _RECTANGULAR),
        Part("climate factors", "B", (_CELL_CURVE if cell else _CLIMATE_TABLE) * _RECTANGULAR),
        Part("temperature and humidity", "B", _climate(sensing, span[1].climate)),
        Part("step of the ADC", "B", sensing.resolution(round(span[1].uv)) * _RECTANGULAR),
        Part("wander within hours", "B", _WANDER[sensing.key] * _RECTANGULAR),
    )


def combined(parts: tuple[Part, ...]) -> float:
    """They are independent: the root of the sum of squares."""
    return math.sqrt(sum(part.standard**2 for part in parts))


def _climate(sensing: Sensing, climate: Climate) -> float:
    # By how much the number moves with what temperature and humidity may be off, each rectangular. Signal 1: also right for a cell.
    here = sensing.free(1.0, climate)
    warmer = sensing.free(1.0, replace(climate, degc=climate.degc + climate.degc_off))
    wetter = sensing.free(1.0, replace(climate, rh_percent=climate.rh_percent + climate.rh_off))
    return math.hypot(warmer - here, wetter - here) * _RECTANGULAR
