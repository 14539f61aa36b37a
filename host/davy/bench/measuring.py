"""From a number and its limits to a verdict."""

from __future__ import annotations

import math
import numbers

from davy.bench.results import Measurement, Outcome, Verdict

#: What outweighs what: an error of the bench says nothing about the device, so no verdict stands beside it.
_WEIGHT: dict[Outcome, int] = {"skip": 0, "pass": 1, "marginal": 2, "fail": 3, "error": 4}


def judge(
    name: str,
    value: float | None,
    unit: str,
    low: float | None = None,
    high: float | None = None,
    marginal: float | None = None,
) -> Measurement:
    """The measurement with its verdict. `low`, `high` and `marginal` as in results.Measurement; `unit` "1" for a bare number.

    fail: outside of the limits, or no finite number (None, NaN, infinite: a reading that was not there, kept as None).
    marginal: within the limits, outside of their marginal band. Raises ValueError, naming the measurement, for limits that are
    no limits, for no unit, and for a value that is no number (a bool is none): these are mistakes of the test.
    """
    _check(name, value, unit, low, high, marginal)
    known = None if value is None or not math.isfinite(value) else plain(value)
    return Measurement(name, known, unit, low, high, marginal, _verdict(known, low, high, marginal))


def plain(number: float) -> float:
    """An int or a float of Python's own, whatever library it comes from."""
    return int(number) if isinstance(number, numbers.Integral) else float(number)


def marginal_band(low: float | None, high: float | None, marginal: float | None) -> tuple[float | None, float | None]:
    """The limits within which a value passes without a remark: (low, high), None for a side without a remark.

    Of two limits it lies around their middle; of one, it ends at `marginal` of the way from 0 to it. A sole limit that the value
    has to stay above thus needs 1 / marginal of it: low=10, marginal=0.8 passes without a remark from 12.5 on.
    """
    if marginal is None:
        return None, None
    if low is not None and high is not None:
        if marginal == 1:
            return low, high
        middle, half = (low + high) / 2, (high - low) / 2 * marginal
        return max(low, middle - half), min(high, middle + half)  # never beyond them by rounding
    if high is not None:
        return None, _inwards(high, marginal, away=high < 0)
    return (_inwards(low, marginal, away=low > 0), None) if low is not None else (None, None)


def _inwards(limit: float, marginal: float, away: bool) -> float:
    """The end of a sole limit's band: towards 0, or where 0 is on the wrong side of it, away from 0."""
    if not away:
        return limit * marginal
    return limit / marginal if marginal else math.copysign(math.inf, limit)


def worst(*outcomes: Outcome) -> Outcome:
    """The outcome that outweighs the others: error, fail, marginal, pass, skip."""
    return max(outcomes, key=_WEIGHT.__getitem__, default="skip")


def _verdict(value: float | None, low: float | None, high: float | None, marginal: float | None) -> Verdict:
    if value is None or (low is not None and value < low) or (high is not None and value > high):
        return "fail"
    inner_low, inner_high = marginal_band(low, high, marginal)
    if (inner_low is not None and value < inner_low) or (inner_high is not None and value > inner_high):
        return "marginal"
    return "pass"


def _check(
    name: str, value: object, unit: str, low: object | None, high: object | None, marginal: object | None
) -> None:
    if not isinstance(name, str) or not name.strip():
        raise ValueError(f"a measurement needs a name: {name!r}")
    if not isinstance(unit, str) or not unit.strip():
        raise ValueError(f"{name}: needs a unit, '1' for a bare number")
    if low is None and high is None:
        raise ValueError(f"{name}: has no limit; give low, high or both")
    for what, number in (("low", low), ("high", high), ("marginal", marginal), ("value", value)):
        if number is None:
            continue
        if isinstance(number, bool) or not isinstance(number, numbers.Real):
            raise ValueError(f"{name}: {what} {number!r} is no number")
        if what != "value" and not math.isfinite(number):
            raise ValueError(f"{name}: {what} {number!r} is not finite; leave a limit out where there is none")
    if isinstance(low, (int, float)) and isinstance(high, (int, float)) and low > high:
        raise ValueError(f"{name}: low {low:g} is above high {high:g}")
    if isinstance(marginal, (int, float)) and not 0 <= marginal <= 1:
        raise ValueError(f"{name}: marginal {marginal:g} is not within 0..1")
