"""What the web side reads of the monitor's database: read-only, a connection for each request, nothing held back."""

from __future__ import annotations

import sqlite3
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

from davy.codec import Capability, Product, Tier
from davy.errors import InputError
from davy.image.boardfile import load_board
from davy.monitor.schema import open_readonly
from davy.monitor.views import GAPS, state_of
from davy.monitor.web import models
from davy.monitor.web.decoding import device_state, event_text, gas_word, kind_number, kind_word, word
from davy.monitor.web.standing import is_alarm, is_fault, standing
from davy.paths import BOARDS
from safety.profile import PROFILES

MOST_EVENTS, MOST_INCIDENTS = 1_000, 200
_SESSIONS_SHOWN = 20

Row = tuple[Any, ...]

_DEVICES = f"""
SELECT d.source, d.identifier, d.proven_ms, u.identifier, u.revoked_ms, d.board, d.product, d.firmware, d.link,
    d.first_seen_ms, d.last_seen_ms, d.session, s.received_ms, s.frame,
    (SELECT {GAPS} FROM sessions n WHERE n.source = d.source),
    (SELECT total(repeated) FROM sessions n WHERE n.source = d.source),
    (SELECT total(count) FROM refused_by r WHERE r.source = d.source)
FROM devices d LEFT JOIN units u ON u.identifier = d.identifier
LEFT JOIN states s ON s.id = (SELECT max(id) FROM states x WHERE x.source = d.source)
"""
_EVENTS = """
SELECT e.id, e.source, d.identifier, e.session, e.seq, e.number, e.kind, e.gas, e.detail, e.value, e.event_uptime_ms,
    e.time_s, e.command_id, e.received_ms FROM events e LEFT JOIN devices d ON d.source = e.source
"""


class DatabaseAway(Exception):
    """The database is not there, is not ours, or cannot be read now. In one sentence, without the path."""


def now_ms() -> int:
    """Wall clock, since 1970."""
    return time.time_ns() // 1_000_000


def open_database(path: Path) -> sqlite3.Connection:
    """A connection that cannot write; any thread may use it, one at a time. Raises DatabaseAway."""
    try:
        return open_readonly(path)
    except InputError as error:
        raise DatabaseAway(f"The database cannot be read now: {error.problem}.") from None


def device_rows(db: sqlite3.Connection) -> dict[str, Row]:
    """Source -> what `device_of` makes a Device of. Rows that are equal make equal devices."""
    return {row[0]: row for row in db.execute(_DEVICES)}


def device_of(row: Row) -> models.Device:
    """A row of `device_rows`, decoded."""
    source, identifier, proven_ms, enrolled, revoked_ms, board, product, firmware, link = row[:9]
    first_seen_ms, last_seen_ms, session, received_ms, frame, gaps, repeated, refused = row[9:]
    state = state_of(frame)
    word_of_it, urgency = standing(state, link)
    return models.Device(
        source=source,
        identifier=identifier or None,
        proven=proven_ms is not None,
        enrolled=enrolled is not None,
        revoked=revoked_ms is not None,
        board=board or None,
        product=word(Product, product),
        firmware=firmware,
        link=link,
        first_seen_ms=first_seen_ms,
        last_seen_ms=last_seen_ms,
        session=session,
        standing=word_of_it,
        urgency=urgency,
        alarm=is_alarm(state),
        fault=is_fault(state),
        gaps=int(gaps),
        repeated=int(repeated),
        refused=int(refused),
        state=device_state(state, received_ms) if state is not None else None,
    )


def devices(db: sqlite3.Connection) -> list[models.Device]:
    """All devices, the most urgent first."""
    found = [device_of(row) for row in device_rows(db).values()]
    return sorted(found, key=lambda device: (device.urgency, device.identifier or device.source))


def device_detail(db: sqlite3.Connection, source: str) -> models.DeviceDetail | None:
    """One device, by its source or its identifier; None when it was never heard."""
    row = db.execute(f"{_DEVICES} WHERE d.source = ? OR d.identifier = ? LIMIT 1", (source, source)).fetchone()
    if row is None:
        return None
    device = device_of(row)
    tier, capabilities, checksum, image_hash, days, cause, proven_ms = db.execute(
        "SELECT tier, capabilities, schema_checksum, image_hash, calibration_days, reset_cause, proven_ms "
        "FROM devices WHERE source = ?",
        (device.source,),
    ).fetchone()
    return models.DeviceDetail(
        **device.model_dump(),
        tier=word(Tier, tier),
        capabilities=[bit.name.lower() for bit in Capability if (capabilities or 0) >> bit & 1],
        schema_checksum=checksum,
        image_hash=image_hash,
        calibration_days=days,
        reset_cause=cause,
        proven_ms=proven_ms,
        set_points=set_points(device.board),
        sessions=[
            models.Session(
                session=number,
                first_ms=first_ms,
                last_ms=last_ms,
                events=events,
                gaps=max(0, highest + 1 - events) if highest is not None else 0,
                repeated=repeated,
            )
            for number, first_ms, last_ms, events, highest, repeated in db.execute(
                "SELECT session, first_ms, last_ms, events, highest_number, repeated FROM sessions WHERE source = ? "
                "ORDER BY session DESC LIMIT ?",
                (device.source, _SESSIONS_SHOWN),
            )
        ],
    )


def states(db: sqlite3.Connection, source: str, since_ms: int) -> list[tuple[int, bytes]]:
    """(received_ms, frame) of a device's reports since then, in the order they came."""
    return db.execute(
        "SELECT received_ms, frame FROM states WHERE source = ? AND received_ms >= ? ORDER BY id", (source, since_ms)
    ).fetchall()


def events(
    db: sqlite3.Connection,
    *,
    since_id: int | None = None,
    limit: int = 100,
    device: str | None = None,
    kind: str | None = None,
) -> models.Events:
    """The oldest `limit` after `since_id`, or the newest ones without it; in the order they were stored either way."""
    wheres, values = ["e.id > ?"], [since_id or 0]  # type: tuple[list[str], list[int | str]]
    if device is not None:
        wheres.append("(e.source = ? OR d.identifier = ?)")
        values += [device, device]
    if kind is not None:
        wheres.append("e.kind = ?")
        values.append(kind_number(kind))
    order = "ASC" if since_id is not None else "DESC"
    rows = db.execute(
        f"{_EVENTS} WHERE {' AND '.join(wheres)} ORDER BY e.id {order} LIMIT ?", (*values, limit + 1)
    ).fetchall()
    more, rows = since_id is not None and len(rows) > limit, rows[:limit]
    found = [_event(row) for row in (rows if since_id is not None else reversed(rows))]
    return models.Events(events=found, next_since_id=found[-1].id if found else (since_id or 0), more=more)


def incidents(db: sqlite3.Connection, limit: int) -> list[models.Incident]:
    """The newest first."""
    names = tuple(models.Incident.model_fields)
    rows = db.execute(f"SELECT {', '.join(names)} FROM incidents ORDER BY last_ms DESC, id DESC LIMIT ?", (limit,))
    return [models.Incident(**dict(zip(names, row, strict=True))) for row in rows]


def counts(db: sqlite3.Connection) -> models.Counts:
    """What the page's head shows."""
    found = devices(db)
    return models.Counts(
        devices=len(found),
        alarms=sum(device.alarm for device in found),
        faults=sum(device.fault for device in found),
        links_lost=sum(device.link == "lost" for device in found),
        events=_number(db, "SELECT count(*) FROM events"),
        incidents=_number(db, "SELECT count(*) FROM incidents"),
        refused=_number(db, "SELECT total(count) FROM refused"),
    )


def last_commit_ms(db: sqlite3.Connection) -> int | None:
    """When the newest of what is stored was received; None when nothing is."""
    (newest_ms,) = db.execute(
        "SELECT max(at) FROM (SELECT max(last_seen_ms) AS at FROM devices UNION ALL "
        "SELECT received_ms FROM events WHERE id = (SELECT max(id) FROM events) UNION ALL "
        "SELECT received_ms FROM states WHERE id = (SELECT max(id) FROM states))"
    ).fetchone()
    return int(newest_ms) if newest_ms is not None else None


@lru_cache(maxsize=64)
def set_points(board: str | None) -> models.SetPoints | None:
    """Of a shipped board, by its name; None for any other, and the name is a stranger's text: it is no path."""
    if board is None or board not in {path.parent.name for path in BOARDS.glob("*/board.toml")}:
        return None
    try:
        name = load_board(board).profile
    except InputError:
        return None
    profile = PROFILES[name]
    methane_ppm = profile["methane_set_point_ppm"]
    return models.SetPoints(
        profile=name,
        methane_ppm=methane_ppm,
        methane_lel_permille=methane_ppm * 1000 // profile["lel_ppm"],
        co_ppm=profile["co_instant_ppm"],
    )


def _event(row: Row) -> models.Event:
    kind, gas, detail, value = row[6:10]
    names = ("id", "source", "identifier", "session", "seq", "number")
    return models.Event(
        **dict(zip(names, row[:6], strict=True)),
        kind=kind_word(kind),
        gas=gas_word(gas),
        detail=detail,
        value=value,
        text=event_text(kind, gas, detail, value),
        event_uptime_ms=row[10],
        time_s=row[11],
        command_id=row[12],
        received_ms=row[13],
    )


def _number(db: sqlite3.Connection, query: str) -> int:
    return int(db.execute(query).fetchone()[0])
