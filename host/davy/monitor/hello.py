"""HELLO: is this the unit that it says it is, and what it says of itself."""

from __future__ import annotations

import sqlite3

from davy.codec import Hello, check_seal
from davy.monitor import registry
from davy.monitor.incidents import (
    MISMATCHED_IDENTITY,
    REVOKED_IDENTITY,
    TWO_UNITS,
    UNKNOWN_IDENTITY,
    WRONG_SEAL,
    Incident,
)
from davy.monitor.peers import REVOKED, UNKNOWN, Admit, Peer
from davy.monitor.registry import KnownUnit
from protocol.frame import REASONS

MISMATCHED, TWO = "mismatched identity", "two units of one identity"


def judge_hello(
    db: sqlite3.Connection, admit: Admit, peer: Peer, hello: Hello, frame: bytes, seal: bytes
) -> tuple[str, Incident | None, KnownUnit | None]:
    """(reason, its incident, None) when it is refused, else ("", None, the unit, None for one that nobody vouches for).

    Only a right seal says that a unit is at fault; without it, it may be anybody who has read a label.
    """
    unit = registry.by_identifier(db, hello.identifier)

    def refused(reason: str, kind: str, detail: str | None = None) -> tuple[str, Incident, None]:
        return reason, Incident(kind, peer.name, hello.identifier, detail), None

    if unit is None:
        if admit is Admit.ANYONE and peer.unit is None:
            return "", None, None
        return refused(UNKNOWN, UNKNOWN_IDENTITY)
    code = check_seal(unit.key, frame, seal)
    if code:
        return refused(REASONS[code], WRONG_SEAL, REASONS[code])
    if unit.revoked:
        return refused(REVOKED, REVOKED_IDENTITY)
    if peer.unit is not None and peer.unit.identifier != unit.identifier:
        return refused(MISMATCHED, MISMATCHED_IDENTITY, f"this chip is {peer.unit.identifier}")
    if unit.source is not None and unit.source != peer.name:
        return refused(TWO, TWO_UNITS, f"{unit.source} and {peer.name}")
    return "", None, unit


def hello_columns(hello: Hello) -> tuple[object, ...]:
    """What goes into devices, in the order of `store_hello`."""
    return (
        hello.identifier,
        f"{hello.firmware_major}.{hello.firmware_minor}.{hello.firmware_patch}",
        hello.board.rstrip(b"\0").decode("ascii", "replace"),
        hello.product,
        hello.tier,
        hello.capabilities,
        hello.schema_checksum,
        hello.image_hash.hex(),
        hello.calibration_days,
        hello.reset_cause,
    )


def store_hello(db: sqlite3.Connection, source: str, columns: tuple[object, ...], session: int, now_ms: int) -> None:
    """Within the transaction that is open."""
    db.execute(
        "INSERT INTO devices (source, first_seen_ms, last_seen_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (source, now_ms, now_ms),
    )
    db.execute(
        "UPDATE devices SET identifier = ?, firmware = ?, board = ?, product = ?, tier = ?, capabilities = ?, "
        "schema_checksum = ?, image_hash = ?, calibration_days = ?, reset_cause = ?, "
        "session = ? WHERE source = ?",
        (*columns, session, source),
    )
