"""Links: a device that says nothing for longer than a set time is lost, and back when it speaks.

Silence is measured by a clock that nobody sets; what the database says of links is written by the caller.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

DEFAULT_SILENT_AFTER_S = 60.0
LEAST_SILENT_AFTER_S, MOST_SILENT_AFTER_S = 1.0, 86_400.0


@dataclass
class Silence:
    """By source. Times are seconds of a monotonic clock."""

    silent_after_s: float
    _heard_s: dict[str, float] = field(default_factory=dict)
    _lost: set[str] = field(default_factory=set)

    def begin(self, links: Iterable[tuple[str, str]], now_s: float) -> None:
        """What the database knows at the start, (source, link): nobody is silent before one period has passed."""
        for source, link in links:
            if link == "lost":
                self._lost.add(source)
            else:
                self._heard_s[source] = now_s

    def heard(self, source: str, now_s: float) -> None:
        """It said something that was believed."""
        self._heard_s[source] = now_s

    def changes(self, now_s: float) -> list[tuple[str, str]]:
        """(source, link) of those whose link is another than was last noted."""
        back = [source for source in self._lost if source in self._heard_s]
        before_s = now_s - self.silent_after_s
        lost = [source for source, at_s in self._heard_s.items() if at_s <= before_s and source not in self._lost]
        return [(source, "up") for source in back] + [(source, "lost") for source in lost]

    def noted(self, changes: Iterable[tuple[str, str]]) -> None:
        """These are written down."""
        for source, link in changes:
            if link == "up":
                self._lost.discard(source)
            else:
                self._lost.add(source)
                del self._heard_s[source]
