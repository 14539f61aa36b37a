"""A phase's courses, ready to be drawn by the report: thinned out, on one time axis, with round numbers at the axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from davy.bench.results import Waveform
from davy.bench.waveforms import thinned
from davy.bench.words import number_text

#: The drawing's own units; it is stretched to the page.
WIDTH, HEIGHT = 1000, 200
_MARGIN = 8
_MOST_POINTS = 600


@dataclass(frozen=True)
class Plot:
    """`path` is SVG path data within WIDTH x HEIGHT; the marks are texts from top to bottom and from left to right."""

    name: str
    unit: str
    path: str
    value_marks: tuple[str, str, str]
    time_marks: tuple[str, str, str]
    lowest: str
    highest: str


def plots(courses: Sequence[Waveform]) -> list[Plot]:
    """Those that hold anything, over the time of all of them; it begins at the first one's first point."""
    drawn = [each for each in courses if each.t_ms]
    if not drawn:
        return []
    begin = min(each.t_ms[0] for each in drawn)
    end = max(each.t_ms[-1] for each in drawn)
    return [_plot(each, begin, end if end > begin else begin + 1) for each in drawn]


def round_range(lowest: float, highest: float) -> tuple[float, float]:
    """The two round numbers around the values: multiples of 1, 2 or 5 times a power of ten, about a fifth of their span."""
    span = highest - lowest
    if span <= abs(highest) * 1e-9:  # a level line
        span = abs(highest) or 1.0
        lowest, highest = lowest - span / 2, highest + span / 2
    power = 10.0 ** math.floor(math.log10(span / 5))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= span / 5)
    return math.floor(lowest / step + 1e-9) * step, math.ceil(highest / step - 1e-9) * step


def _plot(course: Waveform, begin_ms: float, end_ms: float) -> Plot:
    t_ms, values = thinned(course.t_ms, course.values, _MOST_POINTS)
    lowest, highest = min(course.values), max(course.values)
    bottom, top = (0.0, 1.0) if course.steps and lowest >= 0 and highest <= 1 else round_range(lowest, highest)

    def x(time_ms: float) -> str:
        return f"{(time_ms - begin_ms) / (end_ms - begin_ms) * WIDTH:.1f}"

    def y(value: float) -> str:
        return f"{HEIGHT - _MARGIN - (value - bottom) / (top - bottom) * (HEIGHT - 2 * _MARGIN):.1f}"

    parts = [f"M{x(t_ms[0])} {y(values[0])}"]
    for time_ms, value in zip(t_ms[1:], values[1:], strict=True):
        parts.append(f"H{x(time_ms)}V{y(value)}" if course.steps else f"L{x(time_ms)} {y(value)}")
    if course.steps:
        parts.append(f"H{WIDTH}")  # a level lasts until the next edge
    scale, unit = (60_000.0, "min") if end_ms - begin_ms > 600_000 else (1000.0, "s")
    length = (end_ms - begin_ms) / scale
    return Plot(
        course.name,
        course.unit,
        "".join(parts),
        (number_text(top), number_text((top + bottom) / 2), number_text(bottom)),
        ("0", f"{length / 2:.3g}", f"{length:.3g} {unit}"),
        f"{lowest:.4g}",
        f"{highest:.4g}",
    )
