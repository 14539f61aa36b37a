"""Where a value lies between its limits, as shares of a bar's length."""

from __future__ import annotations

from dataclasses import dataclass

from davy.bench.measuring import marginal_band
from davy.bench.results import Measurement

#: What a bar shows beyond each limit, as a part of what it shows within.
_BEYOND = 0.2
#: A band is drawn at least so wide: a value that has to be met exactly has one too.
_LEAST_WIDTH = 4.0


@dataclass(frozen=True)
class LimitBar:
    """All in 0..100 from left to right: the allowed band, the part of it that passes without a remark, the value.

    `value` None: there was no reading. `beyond`: -1 or 1 for a value further left or right than the bar reaches.
    """

    low: float
    high: float
    inner_low: float
    inner_high: float
    value: float | None
    beyond: int


def limit_bar(each: Measurement) -> LimitBar:
    """The bar of a measurement. One without a limit on a side is allowed to that end of the bar."""
    left, right = _edges(each)
    inner_low, inner_high = marginal_band(each.low, each.high, each.marginal)

    def place(number: float) -> float:
        return round(min(1.0, max(0.0, (number - left) / (right - left))) * 100, 2)

    low = 0.0 if each.low is None else place(each.low)
    high = 100.0 if each.high is None else place(each.high)
    if high - low < _LEAST_WIDTH:
        middle = (low + high) / 2
        low, high = middle - _LEAST_WIDTH / 2, middle + _LEAST_WIDTH / 2
        inner_low = inner_high = None
    inner_left = low if inner_low is None else min(max(place(inner_low), low), high)
    inner_right = high if inner_high is None else min(max(place(inner_high), inner_left), high)
    value = None if each.value is None else place(each.value)
    beyond = 0 if each.value is None else (each.value > right) - (each.value < left)
    return LimitBar(low, high, inner_left, round(inner_right, 2), value, beyond)


def _edges(each: Measurement) -> tuple[float, float]:
    low, high = each.low, each.high
    value = each.value if each.value is not None else (low if low is not None else high) or 0.0
    if low is not None and high is not None:
        beyond = _size(high - low or low) * _BEYOND
        return low - beyond, high + beyond
    if high is not None:
        left = min(0.0, value, high - _size(high))
        return left, high + _size(high - left) * _BEYOND
    assert low is not None
    right = max(0.0, value, low + _size(low))
    return low - _size(right - low) * _BEYOND, right


def _size(number: float) -> float:
    """How large a number is; what can hardly be told from 0 is 1."""
    return abs(number) if abs(number) > 1e-100 else 1.0
