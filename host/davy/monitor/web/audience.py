"""Who watches a page's stream: a bounded number, woken when there is something new, and sent home when the server ends."""

from __future__ import annotations

import asyncio
import contextlib

HEARTBEAT_S = 15.0


class Audience:
    """Of the server's event loop. `changed` is another event after each wake-up: who waits takes it before looking what is new."""

    def __init__(self, most_clients: int, heartbeat_s: float) -> None:
        self.changed = asyncio.Event()
        self.clients = 0
        self._most_clients = most_clients
        self._heartbeat_s = heartbeat_s
        self._closed = asyncio.Event()

    @property
    def closed(self) -> bool:
        """Whether every stream is to end."""
        return self._closed.is_set()

    def enter(self) -> bool:
        """Take a place; False when there is none."""
        if self.clients >= self._most_clients:
            return False
        self.clients += 1
        return True

    def leave(self) -> None:
        """Give the place back."""
        self.clients -= 1

    def wake(self) -> None:
        """There is something new."""
        self.changed.set()
        self.changed = asyncio.Event()

    def close(self) -> None:
        """End every stream."""
        self._closed.set()
        self.wake()

    async def pause(self, seconds: float) -> None:
        """So long, or until close()."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._closed.wait(), seconds)

    async def is_woken(self, changed: asyncio.Event) -> bool:
        """Wait for `changed`, no longer than a heartbeat: False when it is time for one."""
        try:
            await asyncio.wait_for(changed.wait(), self._heartbeat_s)
        except asyncio.TimeoutError:
            return False
        return True
