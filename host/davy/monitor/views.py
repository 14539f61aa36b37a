"""What the database holds, for people and programs that only read it. Each function is one question to an open connection.

Use a connection of `davy.monitor.schema.open_readonly`: it sees what is committed, while the monitor writes.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from davy import codec
from davy.codec import Decoded, Event, State
from davy.errors import InputError


@dataclass(frozen=True)
class DeviceView:
    """A chip that was heard, or (without source) a unit that was not yet. Times are wall ms since 1970."""

    source: str | None
    identifier: str | None
    #: 'up', 'lost', or 'never' heard.
    link: str
    first_seen_ms: int | None
    last_seen_ms: int | None
    firmware: str | None
    board: str | None
    session: int | None
    #: Whether this chip is bound to an enrolled unit.
    enrolled: bool
    revoked_ms: int | None
    revoked_why: str | None
    proven_ms: int | None
    state: State | None
    state_ms: int | None
    events: int
    #: Numbers of its sessions below the highest that came, which have not come themselves.
    gaps: int
    #: Events that came again after they were stored.
    repeated: int
    refused: int


@dataclass(frozen=True)
class EventView:
    """A row of events; `identifier` is the device's present one."""

    id: int
    source: str
    identifier: str | None
    session: int
    seq: int
    event: Event
    received_ms: int


@dataclass(frozen=True)
class IncidentView:
    """A row of incidents."""

    id: int
    at_ms: int
    last_ms: int
    count: int
    kind: str
    source: str
    identifier: str | None
    detail: str | None


@dataclass(frozen=True)
class CommandView:
    """A row of commands."""

    id: int
    identifier: str | None
    source: str
    command: int
    setting: int
    argument: int
    created_ms: int
    session: int | None
    sent_ms: int | None
    tries: int
    outcome: int | None
    answered_ms: int | None
    closed: str | None


#: Numbers of a chip's sessions below the highest that came, which have not come themselves; over rows of `sessions`.
GAPS = "total(max(coalesce(highest_number + 1 - events, 0), 0))"

_DEVICES = """
SELECT devices.source, coalesce(units.identifier, devices.identifier), link, first_seen_ms, last_seen_ms, firmware,
    devices.board, session, units.identifier IS NOT NULL, revoked_ms, revoked_why, proven_ms
FROM devices LEFT JOIN units ON units.source = devices.source
UNION ALL
SELECT NULL, identifier, 'never', NULL, NULL, NULL, board, NULL, 1, revoked_ms, revoked_why, NULL
FROM units WHERE source IS NULL OR source NOT IN (SELECT source FROM devices)
ORDER BY 2, 1
"""


def devices(db: sqlite3.Connection) -> list[DeviceView]:
    """Every chip and every enrolled unit, by identifier."""
    counts = {
        source: (events, int(gaps), repeated)
        for source, events, gaps, repeated in db.execute(
            f"SELECT source, sum(events), {GAPS}, sum(repeated) FROM sessions GROUP BY source"
        )
    }
    refused = dict(db.execute("SELECT source, sum(count) FROM refused_by GROUP BY source"))
    found = []
    for row in db.execute(_DEVICES).fetchall():
        source, enrolled = row[0], bool(row[8])
        state, state_ms = newest_state(db, source) if source is not None else (None, None)
        events, gaps, repeated = counts.get(source, (0, 0, 0))
        state_and_counts = (state, state_ms, events, gaps, repeated, int(refused.get(source, 0)))
        values: tuple[Any, ...] = (*row[:8], enrolled, *row[9:], *state_and_counts)
        found.append(DeviceView(*values))
    return found


def newest_state(db: sqlite3.Connection, source: str) -> tuple[State | None, int | None]:
    """(the newest STATE, when it came in wall ms) of a chip; None for one that a later version of the protocol cannot read."""
    row = db.execute(
        "SELECT frame, received_ms FROM states WHERE source = ? ORDER BY id DESC LIMIT 1", (source,)
    ).fetchone()
    state = state_of(row[0]) if row is not None else None
    return (state, int(row[1])) if state is not None else (None, None)


def state_of(frame: bytes | None) -> State | None:
    """The STATE in a stored frame; None for none, and for one that a later version of the protocol cannot read."""
    decoded = codec.decode_frame(frame) if frame is not None else None
    return decoded.message if isinstance(decoded, Decoded) and isinstance(decoded.message, State) else None


def sources_of(db: sqlite3.Connection, device: str) -> list[str]:
    """The chips of an identifier or a source, also earlier ones of the same unit. Raises InputError for an unknown one."""
    found = [
        row[0]
        for row in db.execute(
            "SELECT source FROM devices WHERE source = ?1 OR identifier = ?1 "
            "UNION SELECT source FROM units WHERE identifier = ?1 AND source IS NOT NULL",
            (device,),
        )
    ]
    if not found and db.execute("SELECT 1 FROM units WHERE identifier = ?", (device,)).fetchone() is None:
        raise InputError("--device", f"{device!r} is none that is known", "davy devices lists them")
    return found


def events(
    db: sqlite3.Connection,
    *,
    sources: list[str] | None = None,
    since_ms: int | None = None,
    kind: int | None = None,
    after_id: int | None = None,
    limit: int = 100,
) -> list[EventView]:
    """In the order they came: the newest `limit` of those asked for, or with `after_id` the first that came after it."""
    where, values = ["1"], list[object]()
    if sources is not None:
        where.append(f"events.source IN ({', '.join('?' * len(sources))})")
        values += sources
    for clause, value in (("received_ms >= ?", since_ms), ("kind = ?", kind), ("events.id > ?", after_id)):
        if value is not None:
            where.append(clause)
            values.append(value)
    rows = db.execute(
        "SELECT events.id, events.source, coalesce(units.identifier, devices.identifier), events.session, seq, kind, gas, "
        "detail, value, event_uptime_ms, coalesce(number, 0), time_s, command_id, received_ms "
        "FROM events LEFT JOIN devices ON devices.source = events.source LEFT JOIN units ON units.source = events.source "
        f"WHERE {' AND '.join(where)} ORDER BY events.id {'DESC' if after_id is None else 'ASC'} LIMIT ?",
        (*values, limit),
    ).fetchall()
    found = [EventView(row[0], row[1], row[2], row[3], row[4], Event(*row[5:13]), row[13]) for row in rows]
    return found[::-1] if after_id is None else found


def newest_event_id(db: sqlite3.Connection) -> int:
    """0 when there is none."""
    return int(db.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()[0])


def incidents(db: sqlite3.Connection, limit: int = 100) -> list[IncidentView]:
    """The newest, oldest of them first."""
    rows = db.execute(
        "SELECT id, at_ms, last_ms, count, kind, source, identifier, detail FROM incidents ORDER BY id DESC LIMIT ?",
        (limit,),
    ).fetchall()
    return [IncidentView(*row) for row in rows[::-1]]


def command(db: sqlite3.Connection, command_id: int) -> CommandView | None:
    """One command."""
    row = db.execute(
        "SELECT id, identifier, source, command, setting, argument, created_ms, session, sent_ms, tries, outcome, "
        "answered_ms, closed FROM commands WHERE id = ?",
        (command_id,),
    ).fetchone()
    return CommandView(*row) if row is not None else None
