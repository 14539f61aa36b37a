"""The counts of a shift: what passed, what failed, and what a station's exit status is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from davy.errors import EXIT_BAD_INPUT, EXIT_DESK, EXIT_FAILED, EXIT_OK
from davy.station.config import Fixture
from davy.station.decide import Cause, Progress, Stage

_EXITS = {
    Cause.NONE: EXIT_OK, Cause.STOPPED: EXIT_OK, Cause.UNIT: EXIT_FAILED, Cause.INPUT: EXIT_BAD_INPUT, Cause.DESK: EXIT_DESK,
}  # fmt: skip


@dataclass
class Tally:
    """`last` is the newest cause of each unit, or of each fixture where none was recognised."""

    passed: int = 0
    failed: int = 0
    not_judged: int = 0
    rework: int = 0
    last: dict[str, Cause] = field(default_factory=dict)

    def take(self, fixture: Fixture, end: Progress) -> None:
        """A unit has come to its end."""
        self.passed += end.stage is Stage.PASSED
        self.failed += end.stage is Stage.FAILED
        self.not_judged += end.stage is Stage.NOT_JUDGED
        self.rework += end.rework
        self.last.pop(str(fixture), None)
        self.last[end.mac or str(fixture)] = end.cause

    def yield_percent(self) -> float | None:
        """Passed of those judged; None before the first."""
        judged = self.passed + self.failed
        return 100.0 * self.passed / judged if judged else None

    def per_hour(self, elapsed_s: float) -> float | None:
        """Judged units an hour, None in the first minute, when it would say nothing."""
        return (self.passed + self.failed) * 3600.0 / elapsed_s if elapsed_s >= 60 else None

    def words(self) -> str:
        """In one line."""
        return f"{self.passed} passed, {self.failed} failed, {self.not_judged} not judged, {self.rework} of them rework"


def exit_status(causes: Iterable[Cause]) -> int:
    """The highest: the desk before bad input before a failed unit. A unit that passed later has been healed."""
    return max((_EXITS[cause] for cause in causes), default=EXIT_OK)
