"""What a batch adds to the counters, collected, so that each is written once a batch."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from typing import TypeVar

from davy.monitor import incidents
from davy.monitor.incidents import Incident
from davy.monitor.peers import Peer

_K = TypeVar("_K")


@dataclass
class Tally:
    """Of one batch: refusals, incidents, chips that spoke, and events by session."""

    #: (source, reason) -> [count, wall ms of the last]
    _refused: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    _incidents: dict[Incident, list[int]] = field(default_factory=dict)
    _spoke: dict[str, Peer] = field(default_factory=dict)
    #: (source, session) -> [first wall ms, last, events, highest number, repeated]
    _sessions: dict[tuple[str, int], list[int]] = field(default_factory=dict)

    def refuse(self, source: str, reason: str, at_ms: int, incident: Incident | None) -> None:
        """One packet more that was refused."""
        _count(self._refused, (source, reason), at_ms)
        if incident is not None:
            _count(self._incidents, incident, at_ms)

    def spoke(self, peer: Peer, at_ms: int) -> None:
        """This chip said something that was believed."""
        peer.last_seen_ms = at_ms
        self._spoke[peer.name] = peer

    def event(self, source: str, session: int, number: int, at_ms: int, *, repeated: bool) -> None:
        """An event that is stored now, or was before."""
        found = self._sessions.get((source, session))
        if found is None:
            found = self._sessions[source, session] = [at_ms, at_ms, 0, number, 0]
        found[1] = at_ms
        found[4 if repeated else 2] += 1
        if number > found[3]:
            found[3] = number

    def write(self, db: sqlite3.Connection) -> None:
        """Within the transaction that is open."""
        if self._spoke:
            db.executemany(
                "INSERT INTO devices (source, session, state_session, state_seq, first_seen_ms, last_seen_ms) "
                "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (source) DO UPDATE SET session = excluded.session, "
                "state_session = excluded.state_session, state_seq = excluded.state_seq, "
                "last_seen_ms = excluded.last_seen_ms",
                [
                    (peer.name, peer.session, peer.state_session, peer.state_seq, peer.last_seen_ms, peer.last_seen_ms)
                    for peer in self._spoke.values()
                ],
            )
        if self._sessions:
            db.executemany(
                "INSERT INTO sessions (source, session, first_ms, last_ms, events, highest_number, repeated) "
                "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (source, session) DO UPDATE SET last_ms = excluded.last_ms, "
                "events = events + excluded.events, repeated = repeated + excluded.repeated, "
                "highest_number = max(coalesce(highest_number, 0), excluded.highest_number)",
                [(*key, *counts) for key, counts in self._sessions.items()],
            )
        if self._refused:
            incidents.count_refused(
                db,
                [(source, reason, count, at_ms) for (source, reason), (count, at_ms) in self._refused.items()],
            )
        for incident, (count, at_ms) in self._incidents.items():
            incidents.note(db, incident, count, at_ms)


def _count(counts: dict[_K, list[int]], key: _K, at_ms: int) -> None:
    found = counts.get(key)
    if found is None:
        counts[key] = [1, at_ms]
    else:
        found[0] += 1
        found[1] = at_ms
