"""Commands to units: a row each, which somebody writes and the monitor sends, until it is answered or closed.

Of each unit only the oldest open one is on its way: a unit refuses an id below one that it has taken, so a later command
must not overtake. What is written before it is sent is the session it is for: whatever dies, it is done at most once.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from davy.codec import CommandKind, Outcome, Setting
from davy.errors import InputError
from davy.monitor import registry
from protocol.messages import FIRST_WIRED_SETTING

RESEND_MS = 10_000
EXPIRE_MS = 600_000
ANSWERED, EXPIRED, OTHER_SESSION = "answered", "expired", "other session"

_WORDS = {kind.name.lower(): kind for kind in CommandKind if kind is not CommandKind.NONE}
_MOST_ARGUMENT = 0xFFFFFFFF


@dataclass(frozen=True)
class Order:
    """What to do: a command, and for `set` which setting and its value."""

    command: CommandKind
    setting: Setting = Setting.NONE
    argument: int = 0


@dataclass(frozen=True)
class Due:
    """A command to be sent now, to this chip in this session."""

    command_id: int
    identifier: str
    source: str
    session: int
    order: Order


@dataclass(frozen=True)
class Closed:
    """A command that will not be sent again, and why."""

    command_id: int
    identifier: str
    command: CommandKind
    why: str


def parse_order(word: str, value: str | None) -> Order:
    """`mute`, or `set` with KEY=VALUE. Raises InputError."""
    kind = _WORDS.get(word)
    if kind is None:
        raise InputError("COMMAND", f"{word!r} is none", ", ".join(_WORDS))
    if kind is not CommandKind.SET:
        if value is not None:
            raise InputError("COMMAND", f"{word} takes no {value!r}", "only set takes KEY=VALUE")
        return Order(kind)
    # A calibration is for who stands at the unit: it would be refused there.
    over_network = [setting for setting in Setting if Setting.NONE < setting < FIRST_WIRED_SETTING]
    settings = {setting.name.lower(): setting for setting in over_network}
    key, equals, number = (value or "").partition("=")
    if not equals or key not in settings:
        raise InputError("COMMAND", f"set {value or ''!r} will not do", f"KEY=VALUE, KEY one of {', '.join(settings)}")
    if not (number.isascii() and number.isdigit()) or int(number) > _MOST_ARGUMENT:
        raise InputError("COMMAND", f"{key} {number!r} will not do", f"a whole number from 0 to {_MOST_ARGUMENT}")
    return Order(kind, settings[key], int(number))


def add(db: sqlite3.Connection, identifier: str, order: Order, now_ms: int) -> int:
    """Write a command for a unit; gives its id. Raises InputError for a unit that cannot be commanded."""
    unit = registry.require(db, identifier)
    if unit.revoked:
        raise InputError(identifier, "is revoked", "it is believed nothing, and told nothing")
    if unit.source is None:
        raise InputError(identifier, "has not been heard of yet", "it is bound to its chip by its first HELLO")
    made = db.execute(
        "INSERT INTO commands (identifier, source, command, setting, argument, created_ms) VALUES (?, ?, ?, ?, ?, ?)",
        (identifier, unit.source, order.command, order.setting, order.argument, now_ms),
    ).lastrowid
    assert made is not None
    return made


def anything_to_do(db: sqlite3.Connection, now_ms: int) -> bool:
    """Whether close_overdue() or take_due() would do anything: so that an idle monitor writes nothing."""
    return (
        db.execute(
            "SELECT 1 FROM commands LEFT JOIN devices USING (source) WHERE closed IS NULL "
            "AND (created_ms <= ? OR commands.session <> devices.session OR (devices.link = 'up' AND "
            "(sent_ms IS NULL OR sent_ms <= ?))) LIMIT 1",
            (now_ms - EXPIRE_MS, now_ms - RESEND_MS),
        ).fetchone()
        is not None
    )


def close_overdue(db: sqlite3.Connection, now_ms: int) -> list[Closed]:
    """Close what is too old, and what went to a session that has ended, within the transaction that is open."""
    rows = db.execute(
        "SELECT id, commands.identifier, command, commands.session IS NOT NULL AND commands.session <> devices.session "
        "FROM commands LEFT JOIN devices USING (source) WHERE closed IS NULL "
        "AND (created_ms <= ? OR commands.session <> devices.session) ORDER BY id",
        (now_ms - EXPIRE_MS,),
    ).fetchall()
    closed = [Closed(row[0], row[1], CommandKind(row[2]), OTHER_SESSION if row[3] else EXPIRED) for row in rows]
    db.executemany("UPDATE commands SET closed = ? WHERE id = ?", [(each.why, each.command_id) for each in closed])
    return closed


def take_due(db: sqlite3.Connection, now_ms: int) -> list[Due]:
    """Those to be sent now, marked as sent, within the transaction that is open. Send them when it is committed."""
    rows = db.execute(
        "SELECT id, commands.identifier, commands.source, devices.session, command, setting, argument "
        "FROM commands JOIN devices USING (source) JOIN units ON units.identifier = commands.identifier "
        "AND units.source = commands.source AND revoked_ms IS NULL WHERE closed IS NULL AND devices.link = 'up' "
        "AND devices.session IS NOT NULL AND (sent_ms IS NULL OR sent_ms <= ?) "
        "AND id = (SELECT min(oldest.id) FROM commands AS oldest "
        "WHERE oldest.source = commands.source AND oldest.closed IS NULL) ORDER BY id",
        (now_ms - RESEND_MS,),
    ).fetchall()
    due = []
    for command_id, identifier, source, session, command, setting, argument in rows:
        # The time is that of the sending: a unit takes the first that it gets of an id.
        told = now_ms // 1000 if command == CommandKind.TIME else argument
        due.append(Due(command_id, identifier, source, session, Order(CommandKind(command), Setting(setting), told)))
    db.executemany(
        "UPDATE commands SET session = ?, argument = ?, sent_ms = ?, tries = tries + 1 WHERE id = ?",
        [(each.session, each.order.argument, now_ms, each.command_id) for each in due],
    )
    return due


def outcome_words(outcome: int) -> str:
    """What became of it, for a person."""
    return Outcome(outcome).name.lower().replace("_", " ") if outcome in tuple(Outcome) else f"outcome {outcome}"
