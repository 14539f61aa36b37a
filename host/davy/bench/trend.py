"""One measurement over units: how it is spread, how far from its limits, whether it drifts towards one.

**The rule of the drift warning.** Of the newest 30 values, in the order of their runs: Mann-Kendall's test says with p < 0.01
that they rise or fall, and the line through them (Sen's slope through the medians) leaves a limit within the next 100 units.
A trend that no limit is near to is told, without a warning; so is one that leads to the middle.
"""

from __future__ import annotations

import math
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median, stdev

from davy.bench.history import reading
from davy.bench.results import Verdict
from davy.bench.trend_rules import LEAST_FOR_DRIFT, cpk, mann_kendall, outliers, sen_slope
from davy.errors import InputError

DRIFT_WINDOW = 30
DRIFT_P = 0.01
DRIFT_AHEAD_UNITS = 100


@dataclass(frozen=True)
class Point:
    """One unit's value, of the run that began then."""

    serial: str
    bench: str
    started_ms: int
    value: float
    verdict: Verdict


@dataclass(frozen=True)
class Drift:
    """What the newest values do. `crossing` is the number of units until the line is beyond `limit`, None for not within sight."""

    n: int
    p: float
    slope_a_unit: float
    trend: bool
    crossing: int | None
    limit: float | None

    @property
    def warning(self) -> bool:
        return self.trend and self.crossing is not None


@dataclass(frozen=True)
class Trend:
    """All in `unit`; limits are the newest. `drift` None: too few values. `missing` runs had no reading, `other_unit` another unit."""

    measurement: str
    phase: str
    unit: str
    low: float | None
    high: float | None
    points: tuple[Point, ...]
    missing: int
    other_unit: int
    mean: float | None
    spread: float | None
    cpk: float | None
    drift: Drift | None
    outliers: tuple[int, ...]

    @property
    def values(self) -> list[float]:
        return [point.value for point in self.points]


def trend(
    folder: Path, measurement: str, phase: str | None = None, last: int | None = None, every_run: bool = False
) -> Trend:
    """Of the history in a records' folder: the newest value of each unit (or of every run), of the `last` ones.

    Runs that ended with an error of the bench do not count. Raises InputError for a measurement that is not there, or that
    several phases take (they may mean different things by it) while none is named; DeskError when it cannot be read.
    """
    with reading(folder) as db:
        phase = _one_phase(db, measurement, phase)
        rows = db.execute(
            "SELECT r.serial, r.bench, r.started_ms, m.value, m.verdict, m.unit, m.low, m.high FROM measurements m"
            " JOIN runs r ON r.id = m.run_id JOIN phases p ON p.run_id = m.run_id AND p.number = m.phase"
            " WHERE m.name = ? AND p.name = ? AND r.outcome <> 'error'"
            " ORDER BY r.started_ms, r.id, m.id",
            (measurement, phase),
        ).fetchall()
    if not rows:
        raise InputError(
            measurement, "was measured in runs only that ended with an error of the bench", "run davy bench run"
        )
    unit, low, high = rows[-1][5:]
    # Of a unit (or a run) the newest value stands, at the place of its newest run.
    newest: dict[object, Point] = {}
    other_unit = missing = 0
    for serial, bench, started_ms, value, verdict, its_unit, _, _ in rows:
        if its_unit != unit:
            other_unit += 1
        elif value is None:
            missing += 1
        else:
            key: object = (serial, bench, started_ms) if every_run else serial
            newest.pop(key, None)
            newest[key] = Point(serial, bench, started_ms, value, verdict)
    points = tuple(newest.values())
    return _judged(measurement, phase, unit, low, high, points[-last:] if last else points, missing, other_unit)


def _judged(
    measurement: str,
    phase: str,
    unit: str,
    low: float | None,
    high: float | None,
    points: tuple[Point, ...],
    missing: int,
    other_unit: int,
) -> Trend:
    values = [point.value for point in points]
    return Trend(
        measurement,
        phase,
        unit,
        low,
        high,
        points,
        missing,
        other_unit,
        mean(values) if values else None,
        stdev(values) if len(values) > 1 else None,
        cpk(values, low, high),
        drift(values, low, high),
        tuple(outliers(values)),
    )


def drift(values: list[float], low: float | None, high: float | None) -> Drift | None:
    """The rule above, on values in the order of their runs; None with fewer than LEAST_FOR_DRIFT."""
    newest = values[-DRIFT_WINDOW:]
    n = len(newest)
    if n < LEAST_FOR_DRIFT:
        return None
    test, slope = mann_kendall(newest), sen_slope(newest)
    there = test.p < DRIFT_P and slope != 0
    limit = high if slope > 0 else low
    crossing = None
    if there and limit is not None:
        now = median(newest) + slope * (n - 1) / 2
        ahead = max(0, math.ceil((limit - now) / slope))
        crossing = ahead if ahead <= DRIFT_AHEAD_UNITS else None
    return Drift(n, test.p, slope, there, crossing, limit if crossing is not None else None)


def _one_phase(db: sqlite3.Connection, measurement: str, phase: str | None) -> str:
    found = [
        row[0]
        for row in db.execute(
            "SELECT DISTINCT p.name FROM measurements m JOIN phases p ON p.run_id = m.run_id AND p.number = m.phase"
            " WHERE m.name = ? ORDER BY p.name",
            (measurement,),
        )
    ]
    if not found:
        known = [row[0] for row in db.execute("SELECT DISTINCT name FROM measurements ORDER BY name LIMIT 20")]
        raise InputError(measurement, "was never measured", f"there is: {', '.join(known) or 'nothing yet'}")
    if phase is None and len(found) > 1:
        raise InputError(measurement, f"is measured in {len(found)} phases", f"add --phase, of {', '.join(found)}")
    if phase is not None and phase not in found:
        raise InputError("--phase", f"{measurement} is not measured in {phase!r}", f"of {', '.join(found)}")
    return phase if phase is not None else found[0]
