"""What devices said, in SQLite: committed before anybody is told that it is stored.

WAL with synchronous=FULL: a commit that returned is on the disk. `(source, session, seq)` is unique among events, so a
frame that comes again is recognised and stored once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from davy import codec
from davy.codec import Decoded, Event, Hello, Rejected, Result, State
from davy.errors import InputError

SCHEMA_VERSION = 1
#: State reports kept for each device; the oldest go.
STATES_KEPT = 20_000
_BUSY_TIMEOUT_S = 2.0

_SCHEMA = """
CREATE TABLE devices (
    source TEXT PRIMARY KEY, identifier TEXT, firmware TEXT, schema_checksum INTEGER, image_hash TEXT,
    session INTEGER, first_seen_ms INTEGER NOT NULL, last_seen_ms INTEGER NOT NULL
);
CREATE TABLE events (
    id INTEGER PRIMARY KEY, source TEXT NOT NULL, session INTEGER NOT NULL, seq INTEGER NOT NULL,
    kind INTEGER NOT NULL, gas INTEGER NOT NULL, detail INTEGER NOT NULL, value INTEGER NOT NULL,
    event_uptime_ms INTEGER NOT NULL, received_ms INTEGER NOT NULL, frame BLOB NOT NULL,
    UNIQUE (source, session, seq)
);
CREATE TABLE states (
    id INTEGER PRIMARY KEY, source TEXT NOT NULL, received_ms INTEGER NOT NULL, frame BLOB NOT NULL
);
CREATE INDEX states_by_source ON states (source, id);
CREATE TABLE refused (reason TEXT PRIMARY KEY, count INTEGER NOT NULL, last_ms INTEGER NOT NULL);
CREATE TABLE repeated (source TEXT PRIMARY KEY, count INTEGER NOT NULL);
"""


class StoreUnavailable(Exception):
    """The database takes nothing now (locked, disk full): nothing was stored, try the same batch again."""


@dataclass(frozen=True)
class Received:
    """A packet as it came: the source its topic names (16 hex digits), its bytes, wall ms since 1970."""

    topic_source: str
    payload: bytes
    received_ms: int


@dataclass(frozen=True)
class Verdict:
    """What became of one packet. `frame` is None when it was no good frame; `reason` then says why."""

    result: Result
    frame: Decoded | None
    reason: str = ""


@dataclass(frozen=True)
class StoredEvent:
    """A row of events."""

    source: str
    session: int
    seq: int
    event: Event
    received_ms: int


class Store:
    """One database file. Calls may come from any thread, one at a time."""

    def __init__(self, path: Path) -> None:
        """Open or make it. Raises InputError when the file cannot be one of ours."""
        try:
            self._db = sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                self._db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version={SCHEMA_VERSION}; COMMIT;")
            elif version != SCHEMA_VERSION:
                raise InputError(str(path), f"has schema version {version}", f"this davy knows {SCHEMA_VERSION}")
        except sqlite3.DatabaseError as error:
            raise InputError(
                str(path), f"cannot be used as a database: {error}", "name a file in a folder of yours"
            ) from error

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def ingest(self, batch: Sequence[Received]) -> list[Verdict]:
        """Store a batch in one transaction; when this returns it is on the disk.

        Raises StoreUnavailable when nothing of it was stored.
        """
        try:
            self._db.execute("BEGIN IMMEDIATE")
            verdicts = [self._take(packet) for packet in batch]
            self._db.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise StoreUnavailable(str(error)) from error
        return verdicts

    def events(self, source: str | None = None) -> list[StoredEvent]:
        """Every event, or one device's, in the order they came."""
        where, values = ("WHERE source = ?", (source,)) if source is not None else ("", ())
        rows = self._db.execute(
            "SELECT source, session, seq, kind, gas, detail, value, event_uptime_ms, received_ms "
            f"FROM events {where} ORDER BY id",
            values,
        )
        return [StoredEvent(row[0], row[1], row[2], Event(*row[3:8]), row[8]) for row in rows]

    def latest_state(self, source: str) -> State | None:
        """The newest state report of a device."""
        row = self._db.execute(
            "SELECT frame FROM states WHERE source = ? ORDER BY id DESC LIMIT 1", (source,)
        ).fetchone()
        frame = codec.decode_frame(row[0]) if row is not None else None
        return frame.message if isinstance(frame, Decoded) and isinstance(frame.message, State) else None

    def identifiers(self) -> dict[str, str]:
        """Source -> identifier of every device that said hello."""
        return dict(self._db.execute("SELECT source, coalesce(identifier, '') FROM devices ORDER BY source"))

    def refused(self) -> dict[str, int]:
        """Packets that were no good, by reason."""
        return dict(self._db.execute("SELECT reason, count FROM refused ORDER BY reason"))

    def repeated(self, source: str) -> int:
        """Events of a device that came again after they were stored."""
        row = self._db.execute("SELECT count FROM repeated WHERE source = ?", (source,)).fetchone()
        return int(row[0]) if row is not None else 0

    def _take(self, packet: Received) -> Verdict:
        frame = codec.decode_frame(packet.payload)
        if isinstance(frame, Rejected):
            return self._refuse(packet, None, frame.text)
        if frame.source.hex() != packet.topic_source:
            return self._refuse(packet, frame, "source differs from topic")
        message = frame.message
        if isinstance(message, Event):
            self._seen(packet, frame)
            return self._event(packet, frame, message)
        if isinstance(message, State):
            self._seen(packet, frame)
            self._state(packet)
        elif isinstance(message, Hello):
            self._hello(packet, frame, message)
        else:
            return self._refuse(packet, frame, "not for a monitor")
        return Verdict(Result.STORED, frame)

    def _refuse(self, packet: Received, frame: Decoded | None, reason: str) -> Verdict:
        self._db.execute(
            "INSERT INTO refused VALUES (?, 1, ?) ON CONFLICT (reason) DO UPDATE "
            "SET count = count + 1, last_ms = excluded.last_ms",
            (reason, packet.received_ms),
        )
        return Verdict(Result.REFUSED, frame, reason)

    def _seen(self, packet: Received, frame: Decoded) -> None:
        self._db.execute(
            "INSERT INTO devices (source, session, first_seen_ms, last_seen_ms) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (source) DO UPDATE SET session = excluded.session, last_seen_ms = excluded.last_seen_ms",
            (packet.topic_source, frame.session, packet.received_ms, packet.received_ms),
        )

    def _hello(self, packet: Received, frame: Decoded, hello: Hello) -> None:
        self._seen(packet, frame)
        firmware = f"{hello.firmware_major}.{hello.firmware_minor}.{hello.firmware_patch}"
        self._db.execute(
            "UPDATE devices SET identifier = ?, firmware = ?, schema_checksum = ?, image_hash = ? WHERE source = ?",
            (hello.identifier, firmware, hello.schema_checksum, hello.image_hash.hex(), packet.topic_source),
        )

    def _event(self, packet: Received, frame: Decoded, event: Event) -> Verdict:
        stored = self._db.execute(
            "INSERT OR IGNORE INTO events "
            "(source, session, seq, kind, gas, detail, value, event_uptime_ms, received_ms, frame) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (packet.topic_source, frame.session, frame.seq, *event, packet.received_ms, packet.payload),
        ).rowcount
        if stored:
            return Verdict(Result.STORED, frame)
        self._db.execute(
            "INSERT INTO repeated VALUES (?, 1) ON CONFLICT (source) DO UPDATE SET count = count + 1",
            (packet.topic_source,),
        )
        return Verdict(Result.STORED_BEFORE, frame)

    def _state(self, packet: Received) -> None:
        self._db.execute(
            "INSERT INTO states (source, received_ms, frame) VALUES (?, ?, ?)",
            (packet.topic_source, packet.received_ms, packet.payload),
        )
        self._db.execute(
            "DELETE FROM states WHERE source = ? AND id <= (SELECT id FROM states WHERE source = ? "
            "ORDER BY id DESC LIMIT 1 OFFSET ?)",
            (packet.topic_source, packet.topic_source, STATES_KEPT),
        )
