"""Between batches: links that were lost or are back, commands to be sent or closed, and whose frames are taken."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence

from davy.codec import Command
from davy.monitor import commands, incidents, registry
from davy.monitor.commands import Closed, Due
from davy.monitor.outgoing import Outgoing
from davy.monitor.peers import ADMIT_WORDS
from davy.monitor.registry import KnownUnit
from davy.monitor.silence import Silence
from davy.monitor.store import Store, StoreUnavailable

_LOOK_S = 0.2
#: So many links that change at once are told in one line.
_FEW = 5


class Housekeeping:
    """Of the storing thread alone. What the database does not take now is tried again at the next look."""

    def __init__(self, store: Store, outgoing: Outgoing, silent_after_s: float, say: Callable[[str], None]) -> None:
        self._store = store
        self._outgoing = outgoing
        self._silence = Silence(silent_after_s)
        self._say = say
        self._admit = store.admit
        self._next_s = 0.0

    def begin(self, now_s: float) -> None:
        """Before the first look: every link is as the database knows it."""
        with self._store.reading() as db:
            self._silence.begin(db.execute("SELECT source, link FROM devices").fetchall(), now_s)

    def heard(self, source: str, now_s: float) -> None:
        """This chip said something that was believed."""
        self._silence.heard(source, now_s)

    def look(self, now_s: float, *, connected: bool) -> None:
        """Do what is to be done now; cheap when there is nothing."""
        if now_s < self._next_s:
            return
        self._next_s = now_s + _LOOK_S
        self._look_at_admit()
        now_ms = time.time_ns() // 1_000_000
        try:
            self._look_at_links(now_s, now_ms)
            self._look_at_commands(now_ms, connected)
        except (StoreUnavailable, sqlite3.OperationalError):
            return

    def _look_at_admit(self) -> None:
        admit = self._store.admit
        if admit is not self._admit:
            self._say(ADMIT_WORDS[admit])
            self._admit = admit

    def _look_at_links(self, now_s: float, now_ms: int) -> None:
        changes = self._silence.changes(now_s)
        if not changes:
            return
        names = self._store.write(lambda db: _note_links(db, changes, now_ms))
        self._silence.noted(changes)
        for link, words in (("lost", f"silent for {self._silence.silent_after_s:g} s"), ("up", "heard again")):
            which = [names[source] for source, changed in changes if changed == link]
            if len(which) > _FEW:
                self._say(f"{len(which)} devices: {words}: {', '.join(which[:_FEW])}, and others")
            for name in which if len(which) <= _FEW else ():
                self._say(f"{name}: {words}")

    def _look_at_commands(self, now_ms: int, connected: bool) -> None:
        with self._store.reading() as db:
            if not commands.anything_to_do(db, now_ms):
                return
        closed, due = self._store.write(lambda db: _next_commands(db, now_ms, connected))
        for each in closed:
            words = each.command.name.lower()
            self._say(f"{each.identifier}: command {each.command_id} ({words}) closed: {each.why}, no answer")
        for command, unit in due:
            source, order = bytes.fromhex(command.source), command.order
            message = Command(source, command.session, command.command_id, order.command, order.setting, order.argument)
            self._outgoing.send(source, message, unit)


def _note_links(db: sqlite3.Connection, changes: Sequence[tuple[str, str]], now_ms: int) -> dict[str, str]:
    names: dict[str, str] = {}
    for source, link in changes:
        row = db.execute("SELECT identifier FROM devices WHERE source = ?", (source,)).fetchone()
        identifier = row[0] if row is not None else None
        db.execute("UPDATE devices SET link = ? WHERE source = ?", (link, source))
        kind = incidents.LINK_BACK if link == "up" else incidents.LINK_LOST
        incidents.note(db, incidents.Incident(kind, source, identifier, None), 1, now_ms)
        names[source] = f"{identifier} ({source})" if identifier and identifier.isprintable() else source
    return names


def _next_commands(
    db: sqlite3.Connection, now_ms: int, connected: bool
) -> tuple[list[Closed], list[tuple[Due, KnownUnit]]]:
    closed = commands.close_overdue(db, now_ms)
    due = []
    for each in commands.take_due(db, now_ms) if connected else ():
        unit = registry.by_identifier(db, each.identifier)
        assert unit is not None, "take_due() gives commands of units that are bound"
        due.append((each, unit))
    return closed, due
