"""Server-sent events: one look at the database for all clients, and no buffer for any of them.

A client is a position: the id of the last event that it was sent, and the version of what it knows of the devices. What it
has not had yet is in the database, so a slow one costs nothing but its place, and a cut loses no event.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path

from davy.monitor.views import newest_event_id
from davy.monitor.web import queries
from davy.monitor.web.audience import HEARTBEAT_S, Audience
from davy.monitor.web.models import Event, Incidents
from davy.monitor.web.watch import RECENT_EVENTS, Seen, Watch

MOST_CLIENTS = 100
_LOOK_S = 0.25
_A_CHUNK = 200


class Live(Audience):
    """Of the server's event loop, but for the look itself, which a thread does."""

    def __init__(self, db_path: Path, *, most_clients: int = MOST_CLIENTS, heartbeat_s: float = HEARTBEAT_S) -> None:
        super().__init__(most_clients, heartbeat_s)
        self._db_path = db_path
        self._watch = Watch(db_path)
        #: What there is to tell, by what it is about: (version of its last change, the piece).
        self._told: dict[str, tuple[int, str]] = {}
        self._version = 0
        self._recent: deque[Event] = deque(maxlen=RECENT_EVENTS)
        self._newest_id = 0

    async def look(self) -> None:
        """Look once, and wake whoever waits for what was found."""
        seen = await asyncio.to_thread(self._watch.look)
        if seen is not None:
            self._take(seen)

    async def run(self) -> None:
        """Look, again and again, until close()."""
        while not self.closed:
            await self.pause(_LOOK_S)
            await self.look()
        self._watch.close()

    async def stream(self, since_id: int | None) -> AsyncIterator[str]:
        """What a client is sent, piece by piece: how everything is, then what changes, and every event after `since_id`.

        Without it, every event from now on. Ends with close().
        """
        position = self._newest_id if since_id is None else since_id
        if position > self._newest_id:
            # Of a look that is still to come, or of another database, whose numbers mean nothing here.
            position = min(position, await asyncio.to_thread(self._newest_in_database))
        version = 0
        yield "retry: 2000\n\n"
        while not self.closed:
            changed, newest = self.changed, self._version
            pieces = [piece for since, piece in self._told.values() if since > version]
            version = newest
            for at in range(0, len(pieces), _A_CHUNK):
                yield "".join(pieces[at : at + _A_CHUNK])
            while position < self._newest_id and not self.closed:
                events = await self._after(position)
                if not events:
                    break
                position = events[-1].id
                yield "".join(_piece("event", event.model_dump_json(), event.id) for event in events)
            if not await self.is_woken(changed):
                # The comment keeps what lies between awake; a page cannot see comments, so it is told as well.
                yield ": heartbeat\n" + _piece("beat", json.dumps({"now_ms": queries.now_ms()}))

    def _take(self, seen: Seen) -> None:
        self._version += 1
        self._tell("database", json.dumps({"error": seen.trouble}))
        if seen.trouble is None:
            for device in seen.devices:
                self._tell("device", device.model_dump_json(), device.source)
            self._tell("incidents", Incidents(incidents=seen.incidents).model_dump_json())
            if seen.newest_id < self._newest_id:
                self._recent.clear()
            self._recent.extend(seen.events)
            self._newest_id = seen.newest_id
        self.wake()

    def _tell(self, name: str, text: str, about: str = "") -> None:
        piece = _piece(name, text)
        if self._told.get(name + about, (0, ""))[1] != piece:
            self._told[name + about] = (self._version, piece)

    async def _after(self, position: int) -> list[Event]:
        if self._recent and self._recent[0].id <= position + 1:
            return [event for event in self._recent if event.id > position][:_A_CHUNK]
        try:
            return await asyncio.to_thread(self._read_after, position)
        except (queries.DatabaseAway, sqlite3.Error):
            return []

    def _read_after(self, position: int) -> list[Event]:
        with contextlib.closing(queries.open_database(self._db_path)) as db:
            return queries.events(db, since_id=position, limit=_A_CHUNK).events

    def _newest_in_database(self) -> int:
        try:
            with contextlib.closing(queries.open_database(self._db_path)) as db:
                return newest_event_id(db)
        except (queries.DatabaseAway, sqlite3.Error):
            return self._newest_id


def _piece(name: str, text: str, event_id: int | None = None) -> str:
    number = f"id: {event_id}\n" if event_id is not None else ""
    return f"{number}event: {name}\ndata: {text}\n\n"
