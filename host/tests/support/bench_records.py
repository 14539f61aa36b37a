"""A folder of records as `davy bench run` leaves and keeps it, written by the real Recorder, of runs in any state."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from davy.bench.recorder import Recorder
from davy.bench.results import Outcome, RunResult


class Run:
    """One run; the clocks stand still unless they are given."""

    def __init__(
        self,
        folder: Path,
        bench: str,
        serial: str,
        *,
        planned: int | None = None,
        operator: str = "Ada",
        wall_now_s: Callable[[], float] = time.time,
    ) -> None:
        run = RunResult(serial, bench, operator, int(wall_now_s() * 1000))
        self._ahead_s = 0.0
        self.recorder = Recorder(
            folder, run, lambda: 0.0, planned=planned, wall_now_s=lambda: wall_now_s() + self._ahead_s
        )

    def show(self) -> Run:
        """Have the live file tell what was measured, which it does at most twice a second: let a second pass."""
        self._ahead_s += 1
        self.recorder.beat()
        return self

    def measured(
        self, test: str, value: float | None, high: float = 1_000.0, unit: str = "ms", name: str = "valve_close_time"
    ) -> Run:
        """A whole test that measures once, between 0 and `high`, marginal above 90 %."""
        self.recorder.begin(test)
        self.recorder.measure(name, value, unit, 0.0, high, 0.8)
        self.recorder.end("pass")
        return self

    def ended(self, test: str, outcome: Outcome = "pass", why: str = "") -> Run:
        """A whole test without a number."""
        self.recorder.begin(test)
        self.recorder.end(outcome, why)
        return self

    def finish(self, outcome: Outcome = "pass", why: str = "", cause: str = "") -> Path:
        """The record's path."""
        return self.recorder.finish(outcome, why, cause)
