"""A unit as the monitor hears it: frames of a session, sealed with its key, without a board behind them."""

from __future__ import annotations

from typing import Any

from davy.codec import Event, EventKind, Hello, Message, Proof, Result, State, encode_frame, seal_frame, seal_key
from davy.identity import expected_proof
from davy.monitor import Received, Store, Verdict
from davy.monitor.registry import Enrolment

SHA256 = "ab" * 32
NOW_MS = 1_700_000_000_000


def enrolment(serial: str = "GA26000001", secret: bytes = bytes(range(32)), **changed: Any) -> Enrolment:
    """A unit that could have been made; no two serials need the same secret."""
    values = {"board": "virtual", "product": "davy gas alarm CH4", "certificate_sha256": SHA256} | changed
    return Enrolment(identifier=f"88.118.8/{serial}", serial=serial, secret=secret, **values)


class Speaker:
    """Speaks as the unit, or without one unsealed; `seq` is the next frame's."""

    def __init__(self, source: bytes, unit: Enrolment | None, session: int = 7) -> None:
        self.source = source
        self.unit = unit
        self.session = session
        self.seq = 0
        self.number = 0
        self.key = seal_key(unit.secret) if unit is not None else None

    @property
    def name(self) -> str:
        return self.source.hex()

    def packet(self, message: Message) -> bytes:
        frame = encode_frame(self.source, self.session, self.seq, 60_000, message)
        self.seq += 1
        return frame if self.key is None else seal_frame(self.key, frame)

    def heard(self, message: Message, at_ms: int = NOW_MS) -> Received:
        return Received(self.name, self.packet(message), at_ms)

    def say(self, store: Store, message: Message, at_ms: int = NOW_MS) -> Verdict:
        (verdict,) = store.ingest([self.heard(message, at_ms)])
        return verdict

    def hello(self, identifier: str | None = None, firmware_minor: int = 1) -> Hello:
        own = self.unit.identifier if self.unit is not None else ""
        text = own if identifier is None else identifier
        board = b"virtual".ljust(16, b"\0")
        return Hello(0, firmware_minor, 0, 1, 0xABCD, 1, 1, bytes(8), board, 0, 0, None, 0, None, text)

    def event(self, **changed: Any) -> Event:
        event = Event(EventKind.ALARM, 1, 2, 9_000, 60_000, self.number, 1_796_083_200, None)
        self.number += 1
        return event._replace(**changed)

    def answer(self, command_id: int, outcome: int, command: int = 2) -> Event:
        return self.event(kind=EventKind.COMMAND, gas=0, detail=command, value=outcome, command_id=command_id)

    def proof(
        self, nonce: bytes, secret: bytes | None = None, certificate: bytes = bytes.fromhex(SHA256[:16])
    ) -> Proof:
        assert self.unit is not None
        return Proof(nonce, expected_proof(secret or self.unit.secret, self.source, nonce), certificate)

    def bind(self, store: Store) -> None:
        """HELLO, which must be taken."""
        verdict = self.say(store, self.hello())
        assert verdict.result is Result.STORED, verdict.reason

    def prove(self, store: Store, **arguments: Any) -> Verdict:
        """Challenged and answered at once."""
        return self.say(store, self.proof(store.proofs.challenge(self.source), **arguments))


def state(**changed: Any) -> State:
    """Everything normal."""
    normal = State(2, 0, 5, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1_825, 0, 10, None, None, 0, 0, 0)
    return normal._replace(**changed)
