"""The few rules of statistics that a trend is judged by: capability, drift, outliers. Pure functions of a list of numbers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, median, stdev

#: Fewer say nothing about a spread.
LEAST_FOR_CPK = 5
#: The normal approximation of Mann-Kendall's S holds from here on (Gilbert 1987, section 16.4.2: n > 10).
LEAST_FOR_DRIFT = 11
#: Of a modified z-score, by Iglewicz and Hoaglin 1993 (as in NIST/SEMATECH e-Handbook, section 1.3.5.17).
OUTLIER_Z = 3.5


@dataclass(frozen=True)
class MannKendall:
    """`s` pairs that rise less pairs that fall, its variance without a trend, the standard score, and two-sided p."""

    s: int
    variance: float
    z: float
    p: float


def mann_kendall(values: Sequence[float]) -> MannKendall:
    """Whether a series rises or falls more than chance would have it, whatever its distribution.

    Normal approximation with correction for ties and continuity, as Gilbert 1987 (Statistical Methods for Environmental
    Pollution Monitoring, section 16.4.2). Without a spread p is 1.
    """
    n = len(values)
    s = sum((later > earlier) - (later < earlier) for at, earlier in enumerate(values) for later in values[at + 1 :])
    ties = [count for count in Counter(values).values() if count > 1]
    variance = (n * (n - 1) * (2 * n + 5) - sum(t * (t - 1) * (2 * t + 5) for t in ties)) / 18
    if variance <= 0 or s == 0:
        return MannKendall(s, max(variance, 0.0), 0.0, 1.0)
    z = (s - math.copysign(1, s)) / math.sqrt(variance)
    return MannKendall(s, variance, z, math.erfc(abs(z) / math.sqrt(2)))


def sen_slope(values: Sequence[float]) -> float:
    """Change from one value to the next: the median over all pairs (Sen 1968), which no single outlier turns."""
    pairs = [
        (later - earlier) / gap for at, earlier in enumerate(values) for gap, later in enumerate(values[at + 1 :], 1)
    ]
    return median(pairs) if pairs else 0.0


def cpk(values: Sequence[float], low: float | None, high: float | None) -> float | None:
    """How many times three standard deviations fit between the mean and the nearer limit (NIST e-Handbook, section 6.1.6).

    The spread is that of all the values (strictly Ppk, for units come one by one and not in subgroups). None ("n/a") with
    fewer than LEAST_FOR_CPK values, without a spread, or without a limit.
    """
    if len(values) < LEAST_FOR_CPK or (low is None and high is None):
        return None
    spread, middle = stdev(values), mean(values)
    # Equal readings whose mean is rounded have a spread of some 1e-17 of them: none.
    if spread <= abs(middle) * 1e-12:
        return None
    sides = ([] if low is None else [middle - low]) + ([] if high is None else [high - middle])
    return min(sides) / (3 * spread)


def outliers(values: Sequence[float]) -> list[int]:
    """Positions of values that lie apart from the others: modified z-score above OUTLIER_Z.

    Where more than half of the values are equal, the mean deviation from the median stands for the median one.
    """
    if len(values) < LEAST_FOR_CPK:
        return []
    middle = median(values)
    away = [abs(each - middle) for each in values]
    # 1.4826 MAD and 1.2533 times the mean deviation estimate the standard deviation of a normal distribution.
    scale = 1.482602 * median(away) or 1.253314 * mean(away)
    return [at for at, each in enumerate(away) if scale > 0 and each / scale > OUTLIER_Z]
