"""The answer that does not end: a live stream to one client, until it goes or the server stops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from davy.monitor.web.refusals import Refusals


class Told(Protocol):
    """What is told live, to a bounded number of clients."""

    def enter(self) -> bool:
        """Take a place; False when there is none."""

    def leave(self) -> None:
        """Give the place back."""

    def stream(self, since_id: int | None) -> AsyncIterator[str]:
        """Messages for one client, until there are no more."""


class LiveResponse(Response):
    """Holds a place in `live` for as long as it lasts; 503 where there is none."""

    media_type = "text/event-stream"

    def __init__(self, live: Told, since_id: int | None, refusals: Refusals) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        self._live = live
        self._since_id = since_id
        self._refusals = refusals

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._live.enter():
            self._refusals.count("too many live streams", scope["client"][0] if scope["client"] else "unknown")
            sentence = "There are as many live streams as there may be; close one, or try again later."
            await JSONResponse({"error": sentence}, 503)(scope, receive, send)
            return
        pump = asyncio.ensure_future(self._pump(send))
        gone = asyncio.ensure_future(_until_gone(receive))
        try:
            await asyncio.wait({pump, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._live.leave()
            for task in (pump, gone):
                task.cancel()
            _, failed = await asyncio.gather(gone, pump, return_exceptions=True)
        if isinstance(failed, Exception):
            raise failed

    async def _pump(self, send: Send) -> None:
        headers = [(name, value) for name, value in self.raw_headers if name != b"content-length"]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async for text in self._live.stream(self._since_id):
            await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
