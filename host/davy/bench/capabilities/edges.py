"""Waiting for an edge that the rig sees."""

from __future__ import annotations

from davy.bench.bench import Bench
from davy.bench.clock import wait_until


def first_edge(bench: Bench, line: str, level: int, since_ms: int, within_s: float) -> int | None:
    """The rig's ms of the first edge of `line` to `level` from since_ms on, None when there is none within_s of since_ms.

    It waits as long as that takes: an edge that comes later is not counted.
    """

    def found() -> list[int]:
        end_ms = since_ms + round(within_s * 1000)
        return [
            edge.t_ms
            for edge in bench.rig.edges(since_ms)
            if edge.line == line and edge.level == level and edge.t_ms <= end_ms
        ]

    left_s = within_s - (bench.rig.now_ms() - since_ms) / 1000
    wait_until(bench.clock, lambda: bool(found()), max(0.0, left_s))
    times = found()
    return times[0] if times else None
