"""Courses: checked when they are recorded, thinned out when they are drawn."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from davy.bench.measuring import plain
from davy.bench.results import Waveform


def waveform(name: str, unit: str, t_ms: Sequence[float], values: Sequence[float], steps: bool = False) -> Waveform:
    """A course as the record keeps it; without a unit it is a level, and has "1". `t_ms` never goes back; both are finite numbers and of one length, which may be 0.

    Raises ValueError, naming the course: a mistake of the test.
    """
    if not name.strip():
        raise ValueError(f"a waveform needs a name: {name!r}")
    if len(t_ms) != len(values):
        raise ValueError(f"waveform {name}: {len(t_ms)} times for {len(values)} values")
    if not all(math.isfinite(each) for each in (*t_ms, *values)):
        raise ValueError(f"waveform {name}: holds what is no finite number")
    if any(later < earlier for earlier, later in itertools.pairwise(t_ms)):
        raise ValueError(f"waveform {name}: its time goes back")
    return Waveform(name, unit or "1", tuple(map(plain, t_ms)), tuple(map(plain, values)), steps)


def thinned(
    t_ms: Sequence[float], values: Sequence[float], most: int = 800
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """At most about `most` points of a course, in their order, without losing a peak.

    Of each of `most / 4` stretches of equal time its first, lowest, highest and last point stay: whatever is drawn has the
    same ends and extremes in every stretch.
    """
    count = len(t_ms)
    if count <= most:
        return tuple(t_ms), tuple(values)
    stretches = max(1, most // 4)
    span = (t_ms[-1] - t_ms[0]) or 1
    chosen: set[int] = set()
    begin = 0
    for stretch in range(stretches):
        end = begin
        limit = t_ms[0] + span * (stretch + 1) / stretches
        while end < count and (t_ms[end] < limit or stretch == stretches - 1):
            end += 1
        if end > begin:
            inside = range(begin, end)
            chosen |= {begin, end - 1, min(inside, key=values.__getitem__), max(inside, key=values.__getitem__)}
        begin = end
    order = sorted(chosen)
    return tuple(t_ms[each] for each in order), tuple(values[each] for each in order)
