"""Noticing that another process has committed, and what: one connection, asked by one thread at a time."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

from davy.monitor.views import newest_event_id
from davy.monitor.web import queries
from davy.monitor.web.models import Device, Event, Incident

#: Of the newest events kept at hand for those who follow; who is further behind reads the database.
RECENT_EVENTS = 1_000
_INCIDENTS_SHOWN = 20


@dataclass(frozen=True)
class Seen:
    """What a look found. `trouble` is why the database cannot be read, in one sentence, or None."""

    trouble: str | None = None
    devices: list[Device] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    newest_id: int = 0
    incidents: list[Incident] = field(default_factory=list)


class Watch:
    """Looks at one database; it may come, go and come back."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: sqlite3.Connection | None = None
        self._data_version = -1
        self._rows: dict[str, queries.Row] = {}
        self._newest_id: int | None = None

    def look(self) -> Seen | None:
        """What changed since the last look, or None. Devices whole, but only those that changed."""
        try:
            if self._db is None:
                self._db = queries.open_database(self._path)
                self._data_version = -1
            data_version = int(self._db.execute("PRAGMA data_version").fetchone()[0])
            if data_version == self._data_version:
                return None
            seen = self._read(self._db)
            self._data_version = data_version
            return seen
        except queries.DatabaseAway as error:
            return Seen(trouble=str(error))
        except sqlite3.Error:
            self.close()
            return Seen(trouble="The database cannot be read now.")

    def close(self) -> None:
        """Close the connection; the next look opens another."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def _read(self, db: sqlite3.Connection) -> Seen:
        rows = queries.device_rows(db)
        devices = [queries.device_of(row) for source, row in rows.items() if self._rows.get(source) != row]
        newest_id = newest_event_id(db)
        if self._newest_id is None or newest_id < self._newest_id:
            self._newest_id = max(0, newest_id - RECENT_EVENTS)
        # What is more than the newest ones is read by whoever wants it.
        since_id = max(self._newest_id, newest_id - RECENT_EVENTS)
        events = queries.events(db, since_id=since_id, limit=RECENT_EVENTS).events
        incidents = queries.incidents(db, _INCIDENTS_SHOWN)
        self._rows, self._newest_id = rows, max(newest_id, events[-1].id if events else 0)
        return Seen(devices=devices, events=events, newest_id=self._newest_id, incidents=incidents)
