"""Thinning a series of concentrations without losing a peak or a hole."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from davy.monitor.web.models import Point

MOST_POINTS = 600
LEAST_POINTS = 10
#: Kept of each stretch: both extremes of both gases, and one point without a reading.
_OF_A_STRETCH = 5


def thinned(points: Sequence[Point], most: int) -> list[Point]:
    """At most so many (LEAST_POINTS or more) of the points, in their order, the first and the last among them.

    The time is cut into equal stretches; of each stay the smallest and the largest of either gas, and the first point
    that misses a reading which the series otherwise has.
    """
    if len(points) <= most:
        return list(points)
    stretches = (most - 2) // _OF_A_STRETCH
    begin_ms, length_ms = points[0].at_ms, max(1, points[-1].at_ms - points[0].at_ms)
    members: dict[int, list[Point]] = {}
    for point in points:
        stretch = (point.at_ms - begin_ms) * stretches // length_ms
        members.setdefault(max(0, min(stretches - 1, stretch)), []).append(point)
    readings = [reading for reading in (_methane, _co) if any(reading(point) is not None for point in points)]
    kept = {id(points[0]), id(points[-1])}
    for stretch_points in members.values():
        for reading in readings:
            known = [(value, id(point)) for point in stretch_points if (value := reading(point)) is not None]
            if known:
                kept |= {min(known)[1], max(known)[1]}
        kept |= _first_hole(stretch_points, readings)
    return [point for point in points if id(point) in kept]


def _first_hole(points: Sequence[Point], readings: Sequence[Callable[[Point], int | None]]) -> set[int]:
    for point in points:
        if any(reading(point) is None for reading in readings):
            return {id(point)}
    return set()


def _methane(point: Point) -> int | None:
    return point.methane_ppm


def _co(point: Point) -> int | None:
    return point.co_ppm
