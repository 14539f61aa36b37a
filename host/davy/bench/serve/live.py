"""The board to everybody who watches: one look at the records for all, and whoever is slow gets the newest only."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable

from davy.monitor.web.audience import HEARTBEAT_S, Audience

MOST_CLIENTS = 50
_LOOK_S = 0.4


class BoardLive(Audience):
    """Of the server's event loop, but for the look itself, which a thread does.

    `render` gives the board as HTML. It is asked anew at each look: a bench that falls silent changes no file.
    """

    def __init__(
        self, render: Callable[[], str], *, most_clients: int = MOST_CLIENTS, heartbeat_s: float = HEARTBEAT_S
    ) -> None:
        super().__init__(most_clients, heartbeat_s)
        self._render = render
        self._shown = ""
        self._failure: Exception | None = None

    async def look(self) -> None:
        """Look once, and wake whoever waits if anything is new."""
        shown = await asyncio.to_thread(self._render)
        self._failure = None
        if shown != self._shown:
            self._shown = shown
            self.wake()

    async def run(self) -> None:
        """Look, again and again, until close()."""
        while not self.closed:
            await self.pause(_LOOK_S)
            if self.clients:
                try:
                    await self.look()
                except Exception as error:  # told where each stream ends; here nobody would hear of it
                    self._failure = error
                    self.wake()

    async def stream(self, since_id: int | None) -> AsyncIterator[str]:
        """The board now, and whenever it has changed. There is nothing to resume, so `since_id` means nothing here."""
        await self.look()
        sent = ""
        yield "retry: 2000\n\n"
        while not self.closed:
            changed, shown = self.changed, self._shown
            if self._failure is not None:
                raise RuntimeError("the board cannot be shown") from self._failure
            if shown != sent:
                sent = shown
                yield _message("board", {"html": shown, "now_ms": _now_ms()})
            if not await self.is_woken(changed):
                # The comment keeps what lies between awake; a page cannot see comments, so it is told as well.
                yield ": heartbeat\n" + _message("beat", {"now_ms": _now_ms()})


def _now_ms() -> int:
    return int(time.time() * 1000)


def _message(name: str, about: dict[str, object]) -> str:
    return f"event: {name}\ndata: {json.dumps(about)}\n\n"
