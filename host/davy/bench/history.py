"""All records in one database: runs, phases, measurements. A record is known by the SHA-256 of its bytes."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from davy.bench.history_schema import open_history, read_history, unusable
from davy.bench.openhtf import from_record
from davy.bench.record_file import HISTORY, LIVE, sha256_of
from davy.bench.results import Outcome, RunResult
from davy.errors import DeskError

#: of a run's file: as it was written; with other bytes than were written; gone.
FileState = Literal["whole", "changed", "missing"]


@dataclass(frozen=True)
class PastRun:
    """One run as the history has it. `file` is relative to the records' folder; counts are of its measurements."""

    file: str
    file_state: FileState
    sha256: str
    serial: str
    bench: str
    operator: str
    started_ms: int
    ended_ms: int
    outcome: Outcome
    cause: str
    why: str
    firmware: str | None
    phases: int
    measured: int
    marginal: int
    failed: int


@dataclass(frozen=True)
class Rebuilt:
    """What `rebuild` found: records that are new in the history, those whose bytes are no longer what it knew, and no records."""

    added: int
    known: int
    changed: tuple[str, ...]
    unreadable: tuple[str, ...]


def insert(db: sqlite3.Connection, run: RunResult, file: str, sha256: str) -> bool:
    """Add a run in one transaction; False when the same bytes, or a run under this file's name, are there already."""
    db.execute("BEGIN IMMEDIATE")
    try:
        added = _insert(db, run, file, sha256)
        db.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            db.execute("ROLLBACK")
        raise
    return added


def rebuild(folder: Path) -> Rebuilt:
    """Add every record under the folder that the history does not know; nothing that it knows is replaced.

    Raises InputError for a history that is none, DeskError when the disk does not let it.
    """
    added = known = 0
    changed, unreadable = [], []
    path = folder / HISTORY
    try:
        with contextlib.closing(open_history(path)) as db:
            for file in _records(folder):
                name = file.relative_to(folder).as_posix()
                try:
                    content = file.read_bytes()
                    run = from_record(json.loads(content))
                except (ValueError, KeyError, TypeError, AttributeError, OSError):
                    unreadable.append(name)
                    continue
                sha256 = sha256_of(content)
                before = db.execute("SELECT sha256 FROM runs WHERE file = ?", (name,)).fetchone()
                if before is not None and before[0] != sha256:
                    changed.append(name)
                elif insert(db, run, name, sha256):
                    added += 1
                else:
                    known += 1
    except sqlite3.OperationalError as error:
        raise DeskError(
            str(path), f"could not be written: {error}", "make room or mend the folder, and try again"
        ) from error
    except sqlite3.DatabaseError as error:
        raise unusable(path, error) from error
    return Rebuilt(added, known, tuple(changed), tuple(unreadable))


def runs(folder: Path, serial: str | None = None, last: int = 100) -> list[PastRun]:
    """The newest runs, of one device or of all, newest first; each with how its file is now. Raises InputError, DeskError."""
    with reading(folder) as db:
        rows = db.execute(
            "SELECT file, sha256, serial, bench, operator, started_ms, ended_ms, outcome, cause, why, firmware,"
            " (SELECT count(*) FROM phases WHERE run_id = runs.id),"
            " (SELECT count(*) FROM measurements WHERE run_id = runs.id),"
            " (SELECT count(*) FROM measurements WHERE run_id = runs.id AND verdict = 'marginal'),"
            " (SELECT count(*) FROM measurements WHERE run_id = runs.id AND verdict = 'fail')"
            " FROM runs WHERE ?1 IS NULL OR serial = ?1 ORDER BY started_ms DESC, id DESC LIMIT ?2",
            (serial, last),
        ).fetchall()
    return [PastRun(row[0], _file_state(folder / row[0], row[1]), *row[1:]) for row in rows]


@contextlib.contextmanager
def reading(folder: Path) -> Iterator[sqlite3.Connection]:
    """The history for reading; what goes wrong with it is told in one line. Raises InputError, DeskError."""
    path = folder / HISTORY
    try:
        with contextlib.closing(read_history(path)) as db:
            yield db
    except sqlite3.OperationalError as error:
        raise DeskError(str(path), f"cannot be read now: {error}", "try again") from error
    except sqlite3.DatabaseError as error:
        raise unusable(path, error) from error


def _records(folder: Path) -> list[Path]:
    found = [file for file in folder.glob("*/*.json") if file.parent.name != LIVE and not file.name.startswith(".")]
    return sorted(found, key=lambda file: file.name)  # names begin with the start


def _file_state(file: Path, sha256: str) -> FileState:
    try:
        return "whole" if sha256_of(file.read_bytes()) == sha256 else "changed"
    except OSError:
        return "missing"


def _insert(db: sqlite3.Connection, run: RunResult, file: str, sha256: str) -> bool:
    about: dict[str, Any] = run.about
    added = db.execute(
        "INSERT OR IGNORE INTO runs (sha256, file, serial, bench, operator, started_ms, ended_ms, outcome, cause, why,"
        " firmware, image_sha256, git_commit) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            sha256,
            file,
            run.serial,
            run.bench,
            run.operator,
            run.started_ms,
            run.ended_ms,
            run.outcome,
            run.cause,
            run.why,
            about.get("software", {}).get("firmware") or about.get("firmware"),
            about.get("image_sha256"),
            about.get("git_commit"),
        ),
    )
    if added.rowcount != 1:
        return False
    run_id = added.lastrowid
    for number, phase in enumerate(run.phases):
        db.execute(
            "INSERT INTO phases VALUES (?, ?, ?, ?, ?, ?)",
            (run_id, number, phase.name, phase.outcome, phase.seconds, phase.why),
        )
        db.executemany(
            "INSERT INTO measurements (run_id, phase, name, value, unit, low, high, marginal, verdict)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (run_id, number, each.name, each.value, each.unit, each.low, each.high, each.marginal, each.verdict)
                for each in phase.measurements
            ],
        )
    return True
