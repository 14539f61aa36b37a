"""When a reading is steady enough to be taken.

A value is a *signal*: a number whose differences are relative errors of what is sought, ln(Rs) of an MQ sensor or the share of the
span of a cell. So one set of limits holds for every sensor and every concentration.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

#: A value may come so much too soon: questions do not come to the millisecond.
_EARLY_S = 0.5
#: A window may be short by so much of its length, since a sensor's cycle does not begin with it.
_FULL = 0.6


@dataclass(frozen=True)
class Limits:
    """Times in seconds of the unit's own clock; `slope` is a part of the value a minute, `spread` its standard deviation.

    The defaults are for a sensor that follows in seconds: over a window of a minute a slope of 0.5 %/min moves the mean by 0.25 %,
    a quarter of what the curve is read to (1 to 2 %), and lies five times above what the noise of the ADC makes of it.
    A spread above 1 % is more than that noise (0.2 % of Rs): then the air itself moves.
    """

    every_s: float = 1.0
    window_s: float = 60.0
    least: int = 40
    slope: float = 0.005
    spread: float = 0.01
    give_up_s: float = 900.0
    ask_s: float = 1.0  # between two questions to the unit


#: A sensor that is read through a heater cycle gives one value each 150 s: three of them, and time for a slow one.
CYCLED = Limits(every_s=150.0, window_s=450.0, least=3, slope=0.005, spread=0.02, give_up_s=2_700.0, ask_s=5.0)
#: A cell's zero is noise around nothing, so its limits are parts of the span.
CELL = Limits(slope=0.01, spread=0.02)


@dataclass(frozen=True)
class Steadiness:
    """What the window shows: mean signal, slope a minute, spread about its line, how many values, over how many seconds."""

    mean: float
    slope: float
    spread: float
    count: int
    seconds: float
    steady: bool

    @property
    def of_mean(self) -> float:
        """Standard uncertainty of the mean, by the spread alone (type A)."""
        return self.spread / math.sqrt(self.count)

    def words(self) -> str:
        """For a person."""
        return f"slope {self.slope * 100:+.2f} %/min, spread {self.spread * 100:.2f} %"


class Watch:
    """Takes signals at the unit's seconds, which rise; a value that comes sooner than `every_s` after the last is left out."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._points: deque[tuple[float, float]] = deque()
        self._began_s: float | None = None
        self._last_s = -math.inf

    def add(self, t_s: float, signal: float | None) -> Steadiness | None:
        """What the window shows with this value; None while it is not full. A signal that is None empties it: it was no reading."""
        limits = self.limits
        if self._began_s is None:
            self._began_s = t_s
        if signal is None:
            self._points.clear()
            return None
        if t_s - self._last_s >= limits.every_s - _EARLY_S:
            self._last_s = t_s
            self._points.append((t_s, signal))
        while self._points and t_s - self._points[0][0] > limits.window_s * 1.05:
            self._points.popleft()
        if len(self._points) < limits.least or self._points[-1][0] - self._points[0][0] < limits.window_s * _FULL:
            return None
        return self._judged()

    def given_up(self, t_s: float) -> bool:
        """Whether it has lasted too long."""
        return self._began_s is not None and t_s - self._began_s >= self.limits.give_up_s

    def _judged(self) -> Steadiness:
        times = [t_s / 60.0 for t_s, _ in self._points]
        signals = [signal for _, signal in self._points]
        count = len(times)
        mean_t, mean = sum(times) / count, sum(signals) / count
        across = sum((t - mean_t) ** 2 for t in times)
        slope = sum((t - mean_t) * (s - mean) for t, s in zip(times, signals, strict=True)) / across
        left = [s - mean - slope * (t - mean_t) for t, s in zip(times, signals, strict=True)]
        spread = math.sqrt(sum(each * each for each in left) / max(1, count - 2))
        steady = abs(slope) <= self.limits.slope and spread <= self.limits.spread
        return Steadiness(mean, slope, spread, count, (times[-1] - times[0]) * 60.0, steady)
