"""Monitors that are broken in one way each. The nursery calls one of these in the monitor's process, before the monitor starts."""

from __future__ import annotations

import dataclasses
import sqlite3
import threading
from pathlib import Path

from davy.monitor import hello, peers, registry, store
from davy.monitor.packets import Received, Verdict
from davy.monitor.registry import KnownUnit
from davy.monitor.schema import open_database
from davy.monitor.service import MonitorService

#: How long the monitor that acknowledges too early dreams before it commits.
_DREAM_S = 0.6


def acknowledges_before_it_commits() -> None:
    honest = MonitorService._ingest

    def ingest(self: MonitorService, batch: list[Received]) -> list[Verdict] | None:
        try:
            self.store._db.execute("BEGIN IMMEDIATE")
            for verdict in self.store._ingest.take(batch):
                self._answer(verdict)
        except sqlite3.OperationalError:
            pass  # locked or full: nobody is told anything
        finally:
            if self.store._db.in_transaction:
                self.store._db.execute("ROLLBACK")
            self.store._ingest.rolled_back()
        threading.Event().wait(_DREAM_S)
        return honest(self, batch)

    MonitorService._ingest = ingest  # type: ignore[method-assign]


def checks_no_seal() -> None:
    peers.check_seal = lambda key, frame, seal: 0  # type: ignore[attr-defined]
    hello.check_seal = lambda key, frame, seal: 0  # type: ignore[attr-defined]


def knows_no_unique_event() -> None:
    def opened(path: Path, *, make: bool = True) -> sqlite3.Connection:
        db = open_database(path, make=make)
        (made,) = db.execute("SELECT sql FROM sqlite_master WHERE name = 'events'").fetchone()
        without = made.replace("UNIQUE (source, session, seq)", "CHECK (1)").replace(
            "UNIQUE(source, session, seq)", "CHECK (1)"
        )
        if without != made:
            db.execute("ALTER TABLE events RENAME TO events_before")
            db.execute(without)
            db.execute("INSERT INTO events SELECT * FROM events_before")
            db.execute("DROP TABLE events_before")
        return db

    store.open_database = opened  # type: ignore[attr-defined]


def takes_two_for_one() -> None:
    honest = registry.by_identifier

    def by_identifier(db: sqlite3.Connection, identifier: str) -> KnownUnit | None:
        unit = honest(db, identifier)
        return None if unit is None else dataclasses.replace(unit, source=None)

    registry.by_identifier = by_identifier


def welcomes_the_revoked() -> None:
    honest = registry.by_identifier

    def by_identifier(db: sqlite3.Connection, identifier: str) -> KnownUnit | None:
        unit = honest(db, identifier)
        return None if unit is None else dataclasses.replace(unit, revoked=False)

    def known(db: sqlite3.Connection, source: str) -> KnownUnit | None:
        unit = by_source(db, source)
        return None if unit is None else dataclasses.replace(unit, revoked=False)

    by_source = registry.by_source
    registry.by_identifier = by_identifier
    registry.by_source = known
