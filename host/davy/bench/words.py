"""Outcomes, numbers and times as reports and tables write them."""

from __future__ import annotations

from datetime import datetime, timezone

from davy.bench.results import Measurement, Outcome

#: A word and a sign, for colour alone tells nobody anything in print or to who does not see it.
SIGNS: dict[Outcome, str] = {"pass": "✓", "marginal": "!", "fail": "✗", "error": "⚠", "skip": "–"}
VERDICTS: dict[Outcome, str] = {
    "pass": "PASS",
    "marginal": "PASS, marginal",
    "fail": "FAIL",
    "error": "BENCH ERROR",
    "skip": "NOT TESTED",
}


def number_text(number: float | None) -> str:
    """At most six significant digits, whole numbers in full; "none" for a reading that was not there."""
    if number is None:
        return "none"
    return f"{number:.0f}" if float(number).is_integer() and abs(number) < 1e15 else f"{number:.6g}"


def with_unit(number: float | None, unit: str) -> str:
    """`812 ms`; a bare number stands alone."""
    return number_text(number) if unit == "1" or number is None else f"{number_text(number)} {unit}"


def limits_text(measurement: Measurement) -> str:
    """`0 .. 1000 ms`, `≤ 1000 ms`, `≥ 12 V` or `= 1`."""
    low, high, unit = measurement.low, measurement.high, measurement.unit
    if low is not None and high is not None:
        if low == high:
            return f"= {with_unit(low, unit)}"
        return f"{number_text(low)} .. {with_unit(high, unit)}"
    return f"≤ {with_unit(high, unit)}" if low is None else f"≥ {with_unit(low, unit)}"


def utc_text(unix_ms: int) -> str:
    """`2026-11-25 21:48:40 UTC`."""
    return f"{datetime.fromtimestamp(unix_ms / 1000, timezone.utc):%Y-%m-%d %H:%M:%S} UTC"


def seconds_text(seconds: float) -> str:
    """`0.35 s`, `12.4 s`, `3 min 20 s`."""
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
