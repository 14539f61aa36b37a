"""Requests that were refused: counted by reason, and said once a minute for each, whoever knocks and how often."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

_SAY_AGAIN_S = 60.0
#: Every reason there is: so the table cannot grow with what strangers send.
REASONS = (
    "no token",
    "wrong token",
    "other host name",
    "only GET",
    "no HTTP",
    "request not sent in time",
    "reads too slowly",
    "too many live streams",
)


class Refusals:
    """Counts from any thread."""

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}
        self._said_s: dict[str, float] = {}

    def count(self, reason: str, client: str) -> None:
        """One more, for a reason out of REASONS; `client` is an address, never what it sent."""
        assert reason in REASONS
        with self._lock:
            number = self._counts[reason] = self._counts.get(reason, 0) + 1
            now_s = self._clock()
            quiet = now_s - self._said_s.get(reason, -_SAY_AGAIN_S) < _SAY_AGAIN_S
            if not quiet:
                self._said_s[reason] = now_s
        if not quiet:
            self._say(f"web: a request of {client} was refused: {reason} ({number} so far)")

    def counts(self) -> dict[str, int]:
        """Reason -> number, without those that never happened."""
        with self._lock:
            return dict(self._counts)
