"""From packets to rows: whom to believe, what is new, what is refused. One batch, one transaction, one commit."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from davy import codec
from davy.codec import Decoded, Event, EventKind, Hello, Proof, Rejected, Result, State
from davy.monitor import hello as hellos
from davy.monitor import registry
from davy.monitor.incidents import NUMBER_REUSED, Incident
from davy.monitor.packets import Received, Verdict, named_source
from davy.monitor.peers import Admit, Peer, Peers
from davy.monitor.proofs import Proofs
from davy.monitor.tally import Tally
from protocol.frame import OLD, OUT_OF_RANGE, REASONS

#: State reports kept for each device; the oldest go.
STATES_KEPT = 20_000
#: How many state reports a device may send before the oldest are looked for again.
_TRIM_EVERY = 500
#: SQLite's integers are signed.
_MOST_INTEGER = (1 << 63) - 1
_REUSED = "number of another event"

_INSERT = (
    "INSERT OR IGNORE INTO events (source, session, seq, kind, gas, detail, value, event_uptime_ms, number, time_s, "
    "command_id, received_ms, frame) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class _Waiting(NamedTuple):
    """An event that is judged, and goes in with the others; `at` is its place among the verdicts."""

    at: int
    peer: Peer
    frame: Decoded
    received_ms: int


@dataclass
class _Batch:
    verdicts: list[Verdict] = field(default_factory=list)
    waiting: list[_Waiting] = field(default_factory=list)
    rows: list[tuple[object, ...]] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    judged: list[bytes] = field(default_factory=list)
    answers: list[tuple[int, int, int, str, int]] = field(default_factory=list)


class Ingest:
    """Takes batches into one database. The caller begins and ends the transaction, and says how it ended."""

    def __init__(self, db: sqlite3.Connection, admit: Admit | None, proofs: Proofs) -> None:
        self._db = db
        self._proofs = proofs
        self.peers = Peers(db, admit)
        self._batch = _Batch()

    def take(self, packets: Sequence[Received]) -> list[Verdict]:
        """Write what these packets say, within the transaction that is open; their verdicts, in their order."""
        batch = self._batch = _Batch()
        self.peers.refresh()
        for packet in packets:
            batch.verdicts.append(self._take(packet))
        self._write_events()
        if batch.answers:
            # Also an answer that comes late: what was done is done.
            self._db.executemany(
                "UPDATE commands SET outcome = ?, answered_ms = ?, closed = 'answered' "
                "WHERE id = ? AND source = ? AND session = ? AND closed IS NOT 'answered'",
                batch.answers,
            )
        batch.tally.write(self._db)
        return batch.verdicts

    def committed(self) -> None:
        """What take() wrote is on the disk."""
        for source in self._batch.judged:
            self._proofs.spend(source)

    def rolled_back(self) -> None:
        """What take() wrote is not there."""
        self.peers.forget()

    def _take(self, packet: Received) -> Verdict:
        data, seal = codec.split_seal(packet.payload)
        frame = codec.decode_frame(data)
        if type(frame) is Rejected:
            return self._refuse(packet, None, frame.text)
        assert type(frame) is Decoded
        if frame.source.hex() != packet.topic_source:
            return self._refuse(packet, frame, "source differs from topic")
        message = frame.message
        kind = type(message)
        if kind not in (Event, State, Hello, Proof):
            return self._refuse(packet, frame, "not for a monitor")
        peer = self.peers.get(frame.source)
        if type(message) is Hello:
            return self._hello(packet, frame, message, peer, data, seal)
        reason, incident = self.peers.objection(peer, data, seal)
        if reason:
            return self._refuse(packet, frame, reason, self._incident(incident, peer, reason))
        if type(message) is Event:
            return self._event(packet, frame, message, peer, data)
        if type(message) is State:
            return self._state(packet, frame, peer, data)
        assert type(message) is Proof
        return self._proof(packet, frame, message, peer)

    def _refuse(
        self, packet: Received, frame: Decoded | None, reason: str, incident: Incident | None = None
    ) -> Verdict:
        self._batch.tally.refuse(named_source(packet.topic_source), reason, packet.received_ms, incident)
        return Verdict(Result.REFUSED, frame, reason)

    def _incident(self, kind: str, peer: Peer, detail: str) -> Incident | None:
        identifier = peer.unit.identifier if peer.unit is not None else None
        return Incident(kind, peer.name, identifier, detail) if kind else None

    def _spoke(self, session: int, peer: Peer, at_ms: int) -> None:
        """It is there now: not for what may be an old packet that somebody sends again."""
        # Never back: what was journalled in an older session is still on its way in a newer one.
        if peer.session is None or session > peer.session:
            peer.session = session
        self._batch.tally.spoke(peer, at_ms)

    def _hello(self, packet: Received, frame: Decoded, hello: Hello, peer: Peer, data: bytes, seal: bytes) -> Verdict:
        reason, incident, unit = hellos.judge_hello(self._db, self.peers.admit, peer, hello, data, seal)
        if reason:
            return self._refuse(packet, frame, reason, incident)
        if unit is not None and peer.unit is None:
            registry.bind(self._db, unit.identifier, peer.name)
            peer.unit = unit = registry.by_identifier(self._db, unit.identifier)
        columns = hellos.hello_columns(hello)
        if peer.session is not None and frame.session < peer.session:
            if unit is not None:
                # An old one again, or a unit whose flash was made anew: its proof will tell.
                self._proofs.held[frame.source] = columns
                return Verdict(Result.STORED, frame, "", unit, True)
            _back_to(peer, frame.session)
        peer.session = frame.session
        hellos.store_hello(self._db, peer.name, columns, peer.session, packet.received_ms)
        if unit is None:
            self._spoke(frame.session, peer, packet.received_ms)
        return Verdict(Result.STORED, frame, "", unit, unit is not None)

    def _proof(self, packet: Received, frame: Decoded, proof: Proof, peer: Peer) -> Verdict:
        if peer.unit is None:
            return self._refuse(packet, frame, REASONS[OLD])  # nobody asked
        reason, incident = self._proofs.objection(peer.unit, frame.source, proof)
        if incident or not reason:
            self._batch.judged.append(frame.source)
        if incident:
            self._db.execute("UPDATE devices SET proven_ms = NULL WHERE source = ?", (peer.name,))
        if reason:
            return self._refuse(packet, frame, reason, self._incident(incident, peer, reason))
        held = self._proofs.held.get(frame.source)
        if held is not None:
            hellos.store_hello(self._db, peer.name, held, frame.session, packet.received_ms)
        if peer.session is not None and frame.session < peer.session:
            _back_to(peer, frame.session)
        self._spoke(frame.session, peer, packet.received_ms)
        self._db.execute("UPDATE devices SET proven_ms = ? WHERE source = ?", (packet.received_ms, peer.name))
        return Verdict(Result.STORED, frame, "", peer.unit)

    def _state(self, packet: Received, frame: Decoded, peer: Peer, data: bytes) -> Verdict:
        if (
            peer.state_session is not None
            and peer.state_seq is not None
            and (frame.session, frame.seq) <= (peer.state_session, peer.state_seq)
        ):
            return self._refuse(packet, frame, REASONS[OLD])
        peer.state_session, peer.state_seq = frame.session, frame.seq
        self._spoke(frame.session, peer, packet.received_ms)
        self._db.execute(
            "INSERT INTO states (source, received_ms, frame) VALUES (?, ?, ?)", (peer.name, packet.received_ms, data)
        )
        peer.states_until_trim -= 1
        if peer.states_until_trim < 0:
            peer.states_until_trim = _TRIM_EVERY
            self._db.execute(
                "DELETE FROM states WHERE source = ? AND id <= (SELECT id FROM states WHERE source = ? "
                "ORDER BY id DESC LIMIT 1 OFFSET ?)",
                (peer.name, peer.name, STATES_KEPT),
            )
        return Verdict(Result.STORED, frame, "", peer.unit)

    def _event(self, packet: Received, frame: Decoded, event: Event, peer: Peer, data: bytes) -> Verdict:
        if event.event_uptime_ms > _MOST_INTEGER:
            return self._refuse(packet, frame, REASONS[OUT_OF_RANGE])
        batch = self._batch
        batch.waiting.append(_Waiting(len(batch.verdicts), peer, frame, packet.received_ms))
        batch.rows.append((peer.name, frame.session, frame.seq, *event, packet.received_ms, data))
        return Verdict(Result.STORED, frame, "", peer.unit)

    def _write_events(self) -> None:
        batch = self._batch
        if not batch.rows:
            return
        before = self._db.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()[0]
        if self._db.executemany(_INSERT, batch.rows).rowcount == len(batch.rows):
            for each in batch.waiting:
                self._stored(each)
            return
        new = set(self._db.execute("SELECT source, session, seq FROM events WHERE id > ?", (before,)))
        for each in batch.waiting:
            key = (each.peer.name, each.frame.session, each.frame.seq)
            if key in new:
                new.remove(key)
                self._stored(each)
            else:
                self._stored_before(each, key)

    def _stored(self, each: _Waiting) -> None:
        event, session = each.frame.message, each.frame.session
        assert type(event) is Event
        self._spoke(session, each.peer, each.received_ms)
        self._batch.tally.event(each.peer.name, session, event.number, each.received_ms, repeated=False)
        if event.command_id is not None and event.kind == EventKind.COMMAND and each.peer.unit is not None:
            self._batch.answers.append((event.value, each.received_ms, event.command_id, each.peer.name, session))

    def _stored_before(self, each: _Waiting, key: tuple[str, int, int]) -> None:
        # To acknowledge another event under a number that is taken would lose it: a chip whose sessions began anew.
        event, batch = each.frame.message, self._batch
        assert type(event) is Event
        row = self._db.execute(
            "SELECT kind, gas, detail, value, event_uptime_ms, coalesce(number, ?) FROM events "
            "WHERE source = ? AND session = ? AND seq = ?",
            (event.number, *key),
        ).fetchone()
        if row == tuple(event)[:6]:
            if each.peer.unit is None:
                self._spoke(key[1], each.peer, each.received_ms)
            batch.tally.event(each.peer.name, key[1], event.number, each.received_ms, repeated=True)
            batch.verdicts[each.at] = Verdict(Result.STORED_BEFORE, each.frame, "", each.peer.unit)
            return
        incident = self._incident(NUMBER_REUSED, each.peer, f"session {key[1]} seq {key[2]}")
        batch.tally.refuse(each.peer.name, _REUSED, each.received_ms, incident)
        batch.verdicts[each.at] = Verdict(Result.REFUSED, each.frame, _REUSED)


def _back_to(peer: Peer, session: int) -> None:
    peer.session = session
    if peer.state_session is not None and peer.state_session > session:
        peer.state_session = peer.state_seq = None
