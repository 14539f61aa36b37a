"""What will happen outside a board, and when."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

_NEVER_MS = 1 << 60


class Agenda:
    """Actions by their virtual time; those of the same millisecond happen in the order in which they were put."""

    def __init__(self) -> None:
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def put(self, t_ms: int, action: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (t_ms, next(self._order), action))

    @property
    def next_ms(self) -> int:
        """Time of the first; far away when there is none."""
        return self._queue[0][0] if self._queue else _NEVER_MS

    def run(self, now: Callable[[], int]) -> bool:
        """Do what is due by now, which an action may move on; True when there was anything."""
        happened = False
        while self._queue and self._queue[0][0] <= now():
            heapq.heappop(self._queue)[2]()
            happened = True
        return happened
