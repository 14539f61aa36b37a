"""Who is speaking: each chip's unit, key and newest session, remembered between batches.

What other programs commit (an enrolment, a revocation) is seen with the next batch: SQLite's data_version tells of it.
"""

from __future__ import annotations

import enum
import sqlite3
from dataclasses import dataclass, field

from davy.codec import check_seal
from davy.monitor import registry
from davy.monitor.incidents import REVOKED_IDENTITY, UNKNOWN_IDENTITY, WRONG_SEAL
from davy.monitor.registry import KnownUnit
from protocol.frame import REASONS

UNKNOWN, REVOKED = "unknown identity", "revoked identity"
#: Chips remembered at a time; past it all are forgotten and read again as they speak.
PEERS_KEPT = 20_000


class Admit(enum.Enum):
    """Whose frames are taken."""

    REGISTERED = "registered"
    ANYONE = "anyone"


ADMIT_WORDS = {
    Admit.REGISTERED: "only enrolled units are believed",
    Admit.ANYONE: "anyone is believed who is no enrolled unit",
}


@dataclass(slots=True)
class Peer:
    """A chip that speaks. The numbers are None until it has said anything that was believed."""

    name: str
    unit: KnownUnit | None
    session: int | None = None
    state_session: int | None = None
    state_seq: int | None = None
    #: State reports until the oldest are looked for again; 0 after a start, when it is not known how many there are.
    states_until_trim: int = 0
    last_seen_ms: int = 0


@dataclass
class Peers:
    """Those who speak, of one database. `wanted` None: registered as soon as any unit is, else anyone."""

    db: sqlite3.Connection
    wanted: Admit | None = None
    admit: Admit = field(init=False)
    _known: dict[bytes, Peer] = field(init=False, default_factory=dict)
    _data_version: int = field(init=False, default=-1)

    def __post_init__(self) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Before each batch: forget what may have changed."""
        version = int(self.db.execute("PRAGMA data_version").fetchone()[0])
        if version != self._data_version or len(self._known) > PEERS_KEPT:
            self._data_version = version
            self.forget()
            by_register = Admit.REGISTERED if registry.has_units(self.db) else Admit.ANYONE
            self.admit = self.wanted or by_register

    def forget(self) -> None:
        """What a batch that was not stored has left behind must not be believed."""
        self._known.clear()

    def get(self, source: bytes) -> Peer:
        """The chip of this source id."""
        peer = self._known.get(source)
        if peer is None:
            peer = self._known[source] = self._load(source.hex())
        return peer

    def objection(self, peer: Peer, frame: bytes, seal: bytes) -> tuple[str, str]:
        """Why a frame of this chip, other than HELLO, is not believed: (reason, kind of incident), ("", "") if it is."""
        unit = peer.unit
        if unit is None:
            return ("", "") if self.admit is Admit.ANYONE else (UNKNOWN, UNKNOWN_IDENTITY)
        code = check_seal(unit.key, frame, seal)
        if code:
            return REASONS[code], WRONG_SEAL
        return (REVOKED, REVOKED_IDENTITY) if unit.revoked else ("", "")

    def _load(self, name: str) -> Peer:
        row = self.db.execute(
            "SELECT session, state_session, state_seq FROM devices WHERE source = ?", (name,)
        ).fetchone()
        return Peer(name, registry.by_source(self.db, name), *(row or ()))
