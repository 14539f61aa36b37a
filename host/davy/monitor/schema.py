"""The database file: its tables, how it is made, opened and brought up to date.

WAL with synchronous=FULL: a commit that returned is on the disk. The file holds units' secrets, so nobody else may read it.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

from davy.errors import InputError

SCHEMA_VERSION = 2
BUSY_TIMEOUT_S = 2.0

_TABLES = """
CREATE TABLE devices (
    source TEXT PRIMARY KEY, identifier TEXT, firmware TEXT, board TEXT, product INTEGER, tier INTEGER,
    capabilities INTEGER, schema_checksum INTEGER, image_hash TEXT, calibration_days INTEGER, reset_cause INTEGER,
    session INTEGER, state_session INTEGER, state_seq INTEGER, first_seen_ms INTEGER NOT NULL,
    last_seen_ms INTEGER NOT NULL, proven_ms INTEGER, link TEXT NOT NULL DEFAULT 'up'
);
CREATE TABLE units (
    identifier TEXT PRIMARY KEY, serial TEXT, board TEXT, product TEXT, certificate_sha256 TEXT, secret BLOB NOT NULL,
    enrolled_ms INTEGER NOT NULL, revoked_ms INTEGER, revoked_why TEXT, source TEXT UNIQUE
);
CREATE TABLE events (
    id INTEGER PRIMARY KEY, source TEXT NOT NULL, session INTEGER NOT NULL, seq INTEGER NOT NULL, number INTEGER,
    kind INTEGER NOT NULL, gas INTEGER NOT NULL, detail INTEGER NOT NULL, value INTEGER NOT NULL,
    event_uptime_ms INTEGER NOT NULL, time_s INTEGER, command_id INTEGER, received_ms INTEGER NOT NULL,
    frame BLOB NOT NULL, UNIQUE (source, session, seq)
);
CREATE TABLE sessions (
    source TEXT, session INTEGER, first_ms INTEGER, last_ms INTEGER, events INTEGER NOT NULL, highest_number INTEGER,
    repeated INTEGER NOT NULL, PRIMARY KEY (source, session)
);
CREATE TABLE states (
    id INTEGER PRIMARY KEY, source TEXT NOT NULL, received_ms INTEGER NOT NULL, frame BLOB NOT NULL
);
CREATE INDEX states_by_source ON states (source, id);
CREATE TABLE incidents (
    id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, count INTEGER NOT NULL,
    kind TEXT NOT NULL, source TEXT NOT NULL, identifier TEXT, detail TEXT
);
CREATE INDEX incidents_by_source ON incidents (source, kind, id);
CREATE TABLE commands (
    id INTEGER PRIMARY KEY AUTOINCREMENT, identifier TEXT, source TEXT NOT NULL, command INTEGER NOT NULL,
    setting INTEGER NOT NULL, argument INTEGER NOT NULL, created_ms INTEGER NOT NULL, session INTEGER, sent_ms INTEGER,
    tries INTEGER NOT NULL DEFAULT 0, outcome INTEGER, answered_ms INTEGER, closed TEXT
);
CREATE INDEX commands_open ON commands (id) WHERE closed IS NULL;
CREATE TABLE refused (reason TEXT PRIMARY KEY, count INTEGER NOT NULL, last_ms INTEGER NOT NULL);
CREATE TABLE refused_by (
    source TEXT, reason TEXT, count INTEGER NOT NULL, last_ms INTEGER NOT NULL, PRIMARY KEY (source, reason)
);
"""

# A device of version 1 counted its repetitions once for all sessions: they go to its newest one.
_FROM_1 = f"""
ALTER TABLE devices RENAME TO devices_1;
ALTER TABLE events RENAME TO events_1;
ALTER TABLE states RENAME TO states_1;
DROP INDEX states_by_source;
ALTER TABLE refused RENAME TO refused_1;
{_TABLES}
INSERT INTO devices (source, identifier, firmware, schema_checksum, image_hash, session, first_seen_ms, last_seen_ms)
    SELECT source, identifier, firmware, schema_checksum, image_hash, session, first_seen_ms, last_seen_ms FROM devices_1;
INSERT INTO events (id, source, session, seq, kind, gas, detail, value, event_uptime_ms, received_ms, frame)
    SELECT id, source, session, seq, kind, gas, detail, value, event_uptime_ms, received_ms, frame FROM events_1;
INSERT INTO states SELECT id, source, received_ms, frame FROM states_1;
INSERT INTO refused SELECT reason, count, last_ms FROM refused_1;
INSERT INTO sessions (source, session, first_ms, last_ms, events, repeated)
    SELECT source, session, min(received_ms), max(received_ms), count(*), 0 FROM events GROUP BY source, session;
UPDATE sessions SET repeated = coalesce((SELECT count FROM repeated WHERE repeated.source = sessions.source), 0)
    WHERE session = (SELECT max(newest.session) FROM sessions AS newest WHERE newest.source = sessions.source);
DROP TABLE devices_1;
DROP TABLE events_1;
DROP TABLE states_1;
DROP TABLE refused_1;
DROP TABLE repeated;
"""


def open_database(path: Path, *, make: bool = True) -> sqlite3.Connection:
    """The file for reading and writing, made if it is not there, of the present version afterwards.

    Autocommit; transactions are begun by hand. Raises InputError when the file cannot be one of ours.
    """
    try:
        if make:
            with contextlib.suppress(FileExistsError):
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        elif not path.is_file():
            raise _missing(path)
        db = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.DatabaseError) as error:
        raise _unusable(path, error) from error
    try:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        _bring_up_to_date(db, path)
    except sqlite3.DatabaseError as error:
        db.close()
        raise _unusable(path, error) from error
    except InputError:
        db.close()
        raise
    return db


def open_readonly(path: Path) -> sqlite3.Connection:
    """The file for reading, while others write. Raises InputError when it is not there, or none of ours."""
    if not path.is_file():
        raise _missing(path)
    try:
        uri = f"file:{quote(str(path.absolute()))}?mode=ro"
        db = sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        version = _version(db)
    except sqlite3.DatabaseError as error:
        raise _unusable(path, error) from error
    if version != SCHEMA_VERSION:
        db.close()
        if version in (0, 1):
            raise InputError(
                str(path), f"has schema version {version}", "start davy monitor on it: it makes what is missing"
            )
        raise _other_version(path, version)
    return db


def _bring_up_to_date(db: sqlite3.Connection, path: Path) -> None:
    version = _version(db)
    if version == SCHEMA_VERSION:
        return
    if version not in (0, 1):
        raise _other_version(path, version)
    # Another process may have been first: looked at again under the lock.
    db.execute("BEGIN IMMEDIATE")
    try:
        version = _version(db)
        if version == 0 and db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise InputError(str(path), "is a database of something else", "name another file")
        if version != SCHEMA_VERSION:
            for statement in (_FROM_1 if version == 1 else _TABLES).split(";"):
                db.execute(statement)
            db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
            os.chmod(path, 0o600)
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _missing(path: Path) -> InputError:
    return InputError(str(path), "there is no such database", "the file that davy monitor --db names")


def _other_version(path: Path, version: int) -> InputError:
    return InputError(str(path), f"has schema version {version}", f"this davy knows {SCHEMA_VERSION}")


def _unusable(path: Path, error: Exception) -> InputError:
    said = error.strerror if isinstance(error, OSError) else error
    return InputError(str(path), f"cannot be used as a database: {said}", "name a file in a folder of yours")
