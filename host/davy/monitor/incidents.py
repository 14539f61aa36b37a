"""What somebody should look at: refused identities, and links that were lost. Counted rather than repeated, and bounded."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

UNKNOWN_IDENTITY = "unknown_identity"
REVOKED_IDENTITY = "revoked_identity"
MISMATCHED_IDENTITY = "mismatched_identity"
TWO_UNITS = "two_units"
WRONG_SEAL = "wrong_seal"
WRONG_PROOF = "wrong_proof"
NUMBER_REUSED = "number_reused"
LINK_LOST = "link_lost"
LINK_BACK = "link_back"

#: The same within this time is the same incident.
SAME_MS = 3_600_000
#: Rows kept; the oldest go.
INCIDENTS_KEPT = 10_000
#: Sources in refused_by; those that were heard longest ago go.
REFUSED_SOURCES_KEPT = 1_000


class Incident(NamedTuple):
    """One kind of trouble with one source (16 hexadecimal digits)."""

    kind: str
    source: str
    identifier: str | None
    detail: str | None


def note(db: sqlite3.Connection, incident: Incident, count: int, at_ms: int) -> None:
    """Write it down, so many times, within the transaction that is open."""
    row = db.execute(
        "SELECT id FROM incidents WHERE source = ? AND kind = ? AND identifier IS ? AND detail IS ? AND last_ms > ? "
        "ORDER BY id DESC LIMIT 1",
        (incident.source, incident.kind, incident.identifier, incident.detail, at_ms - SAME_MS),
    ).fetchone()
    if row is not None:
        db.execute("UPDATE incidents SET count = count + ?, last_ms = ? WHERE id = ?", (count, at_ms, row[0]))
        return
    made = db.execute(
        "INSERT INTO incidents (at_ms, last_ms, count, kind, source, identifier, detail) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (at_ms, at_ms, count, incident.kind, incident.source, incident.identifier, incident.detail),
    ).lastrowid
    db.execute("DELETE FROM incidents WHERE id <= ?", ((made or 0) - INCIDENTS_KEPT,))


def count_refused(db: sqlite3.Connection, refused: Iterable[tuple[str, str, int, int]]) -> None:
    """Add (source, reason, how many, wall ms of the last) to the counters, within the transaction that is open."""
    rows = list(refused)
    db.executemany(
        "INSERT INTO refused VALUES (?, ?, ?) ON CONFLICT (reason) DO UPDATE "
        "SET count = count + excluded.count, last_ms = excluded.last_ms",
        [(reason, count, last_ms) for _, reason, count, last_ms in rows],
    )
    db.executemany(
        "INSERT INTO refused_by VALUES (?, ?, ?, ?) ON CONFLICT (source, reason) DO UPDATE "
        "SET count = count + excluded.count, last_ms = excluded.last_ms",
        rows,
    )
    db.execute(
        "DELETE FROM refused_by WHERE source IN "
        "(SELECT source FROM refused_by GROUP BY source ORDER BY max(last_ms) DESC, source LIMIT -1 OFFSET ?)",
        (REFUSED_SOURCES_KEPT,),
    )
