"""The history's file: its tables, how it is made and opened. WAL, so that several benches write and others read meanwhile."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from davy.errors import InputError

#: "davb", by which file(1) and we tell it from other databases.
_APPLICATION_ID = 0x64617662
_SCHEMA_VERSION = 1
#: A commit takes milliseconds; a bench that waits for longer has a disk that hangs.
BUSY_TIMEOUT_S = 20.0

_TABLES = """
CREATE TABLE runs (
    id INTEGER PRIMARY KEY, sha256 TEXT NOT NULL UNIQUE, file TEXT NOT NULL UNIQUE, serial TEXT NOT NULL,
    bench TEXT NOT NULL, operator TEXT NOT NULL, started_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL,
    outcome TEXT NOT NULL, cause TEXT NOT NULL, why TEXT NOT NULL, firmware TEXT, image_sha256 TEXT, git_commit TEXT
);
CREATE INDEX runs_by_serial ON runs (serial, started_ms);
CREATE INDEX runs_by_start ON runs (started_ms);
CREATE TABLE phases (
    run_id INTEGER NOT NULL REFERENCES runs (id), number INTEGER NOT NULL, name TEXT NOT NULL, outcome TEXT NOT NULL,
    seconds REAL NOT NULL, why TEXT NOT NULL, PRIMARY KEY (run_id, number)
) WITHOUT ROWID;
CREATE TABLE measurements (
    id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES runs (id), phase INTEGER NOT NULL, name TEXT NOT NULL,
    value REAL, unit TEXT NOT NULL, low REAL, high REAL, marginal REAL, verdict TEXT NOT NULL
);
CREATE INDEX measurements_by_name ON measurements (name, run_id);
CREATE INDEX measurements_by_run ON measurements (run_id)
"""


def open_history(path: Path) -> sqlite3.Connection:
    """For reading and writing, made if it is not there. Autocommit; transactions are begun by hand.

    Raises InputError for a file that is no history, sqlite3.Error when the disk or another bench does not let it.
    """
    try:
        db = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
    except sqlite3.OperationalError as error:
        if path.is_dir():
            raise unusable(path, error) from error
        raise
    with _closed_on_error(db):
        if _look(db, path) == 0:
            _make(db, path)
        db.execute("PRAGMA synchronous=NORMAL")  # the records are what is kept; of them it can be made anew
        db.execute("PRAGMA foreign_keys=ON")
    return db


def read_history(path: Path) -> sqlite3.Connection:
    """For reading, while others write. Raises InputError when it is not there, or is no history."""
    if not path.is_file():
        raise InputError(str(path), "is not there", "name the folder that davy bench run writes to with --records")
    try:
        db = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_S)
    except sqlite3.DatabaseError as error:
        raise unusable(path, error) from error
    with _closed_on_error(db):
        if _look(db, path) == 0:
            raise unusable(path, "it is empty")
    return db


def unusable(path: Path, why: object) -> InputError:
    """One line for a file that cannot be used, with what to do about it."""
    return InputError(
        str(path),
        f"is no history of davy bench ({why})",
        "move it away; davy bench history --rebuild makes it of the records",
    )


@contextlib.contextmanager
def _closed_on_error(db: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        db.close()
        raise


def _look(db: sqlite3.Connection, path: Path) -> int:
    """The schema's version, 0 for a database without tables."""
    try:
        application = int(db.execute("PRAGMA application_id").fetchone()[0])
        found = int(db.execute("PRAGMA user_version").fetchone()[0])
        tables = int(db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        raise unusable(path, error) from error
    if application == _APPLICATION_ID and found == _SCHEMA_VERSION:
        return found
    if tables == 0 and application == 0:
        return 0
    if application == _APPLICATION_ID:
        raise unusable(path, f"its schema has version {found}, this davy knows {_SCHEMA_VERSION}")
    raise unusable(path, "it is a database of something else")


def _make(db: sqlite3.Connection, path: Path) -> None:
    _use_wal(db)
    # Another bench may have been first: looked at again under the lock.
    db.execute("BEGIN IMMEDIATE")
    try:
        if _look(db, path) == 0:
            for statement in _TABLES.split(";"):
                db.execute(statement)
            db.execute(f"PRAGMA application_id={_APPLICATION_ID}")
            db.execute(f"PRAGMA user_version={_SCHEMA_VERSION}")
        db.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            db.execute("ROLLBACK")
        raise


def _use_wal(db: sqlite3.Connection) -> None:
    """SQLite does not wait for others when the journal's mode is changed; two benches that begin at once meet here."""
    end_s = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            db.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end_s:
                raise
            time.sleep(0.01)
