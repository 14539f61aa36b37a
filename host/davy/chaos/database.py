"""What the monitor's database holds, read when a run is over, or while it runs, by itself and not by the monitor's own code."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from davy.codec import split_seal

_BUSY_S = 5.0

#: (source, session, seq)
Key = tuple[str, int, int]


@dataclass(frozen=True)
class StoredRow:
    """A row of events. `frame` is without a seal, whatever the monitor keeps."""

    source: str
    session: int
    seq: int
    number: int | None
    kind: int
    uptime_ms: int
    value: int
    frame: bytes

    @property
    def key(self) -> Key:
        return self.source, self.session, self.seq


@dataclass
class Contents:
    """`commands`: identifier and source of each command by its id. `bound`: source by identifier, of every unit."""

    events: list[StoredRow] = field(default_factory=list)
    commands: dict[int, tuple[str, str]] = field(default_factory=dict)
    bound: dict[str, str | None] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    incidents: dict[str, int] = field(default_factory=dict)


def read_contents(path: Path) -> Contents:
    """Everything that a run is judged by."""
    with _opened(path) as db:
        events = [
            StoredRow(row[0], row[1], row[2], row[3], row[4], row[5], row[6], split_seal(row[7])[0])
            for row in db.execute(
                "SELECT source, session, seq, number, kind, event_uptime_ms, value, frame FROM events ORDER BY id"
            )
        ]
        return Contents(
            events=events,
            commands={row[0]: (row[1], row[2]) for row in db.execute("SELECT id, identifier, source FROM commands")},
            bound=dict(db.execute("SELECT identifier, source FROM units")),
            refused=dict(db.execute("SELECT reason, count FROM refused")),
            incidents=dict(db.execute("SELECT kind, sum(count) FROM incidents GROUP BY kind")),
        )


def stored_keys(path: Path, sources: Iterable[str]) -> set[Key]:
    """What is stored of these boards now."""
    wanted = list(sources)
    with _opened(path) as db:
        marks = ", ".join("?" * len(wanted))
        return set(db.execute(f"SELECT source, session, seq FROM events WHERE source IN ({marks})", wanted))


def bound_sources(path: Path) -> dict[str, str | None]:
    """The chip that the monitor takes for each unit of the registry, None when there is none yet."""
    with _opened(path) as db:
        return dict(db.execute("SELECT identifier, source FROM units"))


def heard_sources(path: Path) -> tuple[set[str], bool]:
    """(chips that were stored from or refused, whether a command is still open)."""
    with _opened(path) as db:
        rows = db.execute("SELECT source FROM refused_by UNION SELECT source FROM events")
        heard = {row[0] for row in rows}
        return heard, db.execute("SELECT 1 FROM commands WHERE closed IS NULL LIMIT 1").fetchone() is not None


class _opened:
    """A connection that is closed again, which sqlite3's own context manager does not do."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=_BUSY_S)

    def __enter__(self) -> sqlite3.Connection:
        return self._db

    def __exit__(self, *_: object) -> None:
        self._db.close()
