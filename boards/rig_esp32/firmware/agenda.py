# What is to happen at a known time, in the one loop in which everything of the rig happens: no act interrupts another, and
# none is dropped, as the port drops a timer's callback when its queue is full.
import asyncio

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_IDLE_MS = 86_400_000


class Agenda:
    # One entry a name, a newer one in the place of an older. The names are the program's, so their number has a bound.
    def __init__(self, uptime: "Any") -> None:
        self._uptime = uptime
        self._entries: dict = {}
        self._changed = asyncio.Event()

    def at(self, name: str, due_ms: int, act: "Any") -> None:
        # act(due_ms) at a time of the uptime, or as soon after it as can be.
        self._entries[name] = (due_ms, act)
        self._changed.set()

    def cancel(self, name: str) -> None:
        self._entries.pop(name, None)

    def _next(self) -> "str | None":
        found = None
        for name, (due_ms, _) in self._entries.items():
            if found is None or due_ms < self._entries[found][0]:
                found = name
        return found

    def run_due(self) -> int:
        # Does what is due; gives the ms until the next is.
        while True:
            name = self._next()
            if name is None:
                return _IDLE_MS
            due_ms, act = self._entries[name]
            left_ms: int = due_ms - self._uptime.now_ms()
            if left_ms > 0:
                return min(left_ms, _IDLE_MS)
            del self._entries[name]
            act(due_ms)

    async def run(self) -> None:
        # Never returns. Looks at the uptime at least once a day, which keeps it right beyond the wrap of the ticks.
        while True:
            left_ms = self.run_due()
            self._uptime.now_ms()
            self._changed.clear()
            try:
                await asyncio.wait_for_ms(self._changed.wait(), left_ms)
            except asyncio.TimeoutError:
                continue
