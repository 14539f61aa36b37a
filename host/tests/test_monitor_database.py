"""The database file: made, brought up to date, refused, full, damaged."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from davy.codec import Event, Result
from davy.errors import DeskError, InputError
from davy.monitor import Received, Store, StoreUnavailable, views
from davy.monitor.schema import SCHEMA_VERSION, open_database, open_readonly
from support.speaker import NOW_MS, Speaker

_VERSION_1 = """
CREATE TABLE devices (
    source TEXT PRIMARY KEY, identifier TEXT, firmware TEXT, schema_checksum INTEGER, image_hash TEXT,
    session INTEGER, first_seen_ms INTEGER NOT NULL, last_seen_ms INTEGER NOT NULL
);
CREATE TABLE events (
    id INTEGER PRIMARY KEY, source TEXT NOT NULL, session INTEGER NOT NULL, seq INTEGER NOT NULL,
    kind INTEGER NOT NULL, gas INTEGER NOT NULL, detail INTEGER NOT NULL, value INTEGER NOT NULL,
    event_uptime_ms INTEGER NOT NULL, received_ms INTEGER NOT NULL, frame BLOB NOT NULL,
    UNIQUE (source, session, seq)
);
CREATE TABLE states (
    id INTEGER PRIMARY KEY, source TEXT NOT NULL, received_ms INTEGER NOT NULL, frame BLOB NOT NULL
);
CREATE INDEX states_by_source ON states (source, id);
CREATE TABLE refused (reason TEXT PRIMARY KEY, count INTEGER NOT NULL, last_ms INTEGER NOT NULL);
CREATE TABLE repeated (source TEXT PRIMARY KEY, count INTEGER NOT NULL);
INSERT INTO devices VALUES ('0000000000000001', '88.118.8/GA1', '0.1.0', 5, '00', 3, 10, 20);
INSERT INTO events VALUES (1, '0000000000000001', 2, 0, 2, 1, 2, 9000, 8, 11, x'01');
INSERT INTO events VALUES (2, '0000000000000001', 3, 0, 3, 1, 2, 5, 9, 12, x'02');
INSERT INTO states VALUES (1, '0000000000000001', 13, x'03');
INSERT INTO refused VALUES ('wrong CRC', 4, 14);
INSERT INTO repeated VALUES ('0000000000000001', 6);
PRAGMA user_version=1;
"""


def version_1(path: Path) -> Path:
    db = sqlite3.connect(path)
    db.executescript(_VERSION_1)
    db.close()
    path.chmod(0o644)
    return path


def everything(path: Path) -> list[str]:
    db = sqlite3.connect(path)
    try:
        return list(db.iterdump())
    finally:
        db.close()


def tables(db: sqlite3.Connection) -> dict[str, list[tuple[str, str]]]:
    names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    return {name: [row[1:3] for row in db.execute(f"PRAGMA table_info({name})")] for name in names}


def test_a_new_file_is_for_its_owner_only_with_whatever_sqlite_puts_beside_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store = Store(tmp_path / "m.sqlite")
        speaker = Speaker(bytes(8), None)
        speaker.say(store, speaker.event())
    finally:
        os.umask(before)
    files = list(tmp_path.iterdir())
    assert len(files) == 3, "the file, its log and that one's index"
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    store.close()


def test_a_file_of_version_1_keeps_all_it_held(tmp_path: Path) -> None:
    path = version_1(tmp_path / "old.sqlite")
    store = Store(path)
    assert [(each.session, each.event.value, each.received_ms) for each in store.events()] == [
        (2, 9000, 11),
        (3, 5, 12),
    ]
    assert store.identifiers() == {"0000000000000001": "88.118.8/GA1"}
    assert store.refused() == {"wrong CRC": 4}
    assert store.repeated("0000000000000001") == 6
    with store.reading() as db:
        (device,) = views.devices(db)
        new = sqlite3.connect(":memory:")
        assert tables(db) == tables(open_database(tmp_path / "new.sqlite")), "as if it had been made today"
        new.close()
    assert (device.events, device.gaps, device.link) == (2, 0, "up")
    assert path.stat().st_mode & 0o777 == 0o600, "it holds secrets from now on"
    store.close()


def test_events_that_version_1_stored_are_known_when_they_come_again(tmp_path: Path) -> None:
    store = Store(version_1(tmp_path / "old.sqlite"))
    speaker = Speaker(bytes.fromhex("0000000000000001"), None, session=2)
    again = speaker.say(store, Event(2, 1, 2, 9000, 8, 0, None, None))
    assert again.result is Result.STORED_BEFORE
    store.close()


def test_an_interrupted_migration_leaves_version_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = version_1(tmp_path / "old.sqlite")
    before = everything(path)
    from davy.monitor import schema

    monkeypatch.setattr(schema, "_FROM_1", schema._FROM_1 + "INSERT INTO missing VALUES (1);")
    with pytest.raises(InputError, match="no such table: missing"):
        Store(path)
    assert everything(path) == before
    monkeypatch.undo()
    Store(path).close()
    assert open_readonly(path).execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)


@pytest.mark.parametrize("version", [1, 0])
def test_who_only_reads_does_not_migrate(tmp_path: Path, version: int) -> None:
    path = version_1(tmp_path / "old.sqlite")
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA user_version={version}")
    db.close()
    before = everything(path)
    with pytest.raises(InputError, match=f"schema version {version}; start davy monitor on it"):
        open_readonly(path)
    assert everything(path) == before


def test_a_file_that_is_none_of_ours_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    text, newer, other = tmp_path / "text", tmp_path / "newer.sqlite", tmp_path / "other.sqlite"
    text.write_text("not a database, but long enough to be looked at" * 20)
    for path, statement in ((newer, "PRAGMA user_version=99"), (other, "CREATE TABLE recipes (title TEXT)")):
        db = sqlite3.connect(path)
        db.execute(statement)
        db.commit()
        db.close()
    for path, said in (
        (text, "cannot be used as a database: file is not a database"),
        (newer, "has schema version 99; this davy knows 2"),
        (other, "is a database of something else"),
        (tmp_path, "cannot be used as a database"),
        (tmp_path / "no" / "folder.sqlite", "cannot be used as a database: No such file or directory"),
    ):
        with pytest.raises(InputError) as refused:
            Store(path)
        assert said in str(refused.value)
        assert "\n" not in str(refused.value)
    assert text.read_text().startswith("not a database")
    assert everything(other)[1] == "CREATE TABLE recipes (title TEXT);"
    with pytest.raises(InputError, match="there is no such database"):
        open_readonly(tmp_path / "missing.sqlite")
    assert not (tmp_path / "missing.sqlite").exists()


_AS_NOBODY = """
import os, sys
from pathlib import Path
from davy.errors import InputError
from davy.monitor import Store
os.chdir(sys.argv[1])
if os.geteuid() == 0:
    os.setuid(65534)
try:
    Store(Path("m.sqlite"))
except InputError as error:
    print(error)
"""


def test_a_folder_that_cannot_be_written_to_is_said_in_one_line(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    done = subprocess.run(
        [sys.executable, "-c", _AS_NOBODY, str(tmp_path)], capture_output=True, text=True, check=False, timeout=60
    )
    tmp_path.chmod(0o755)
    assert done.stdout == (
        "m.sqlite: cannot be used as a database: Permission denied; name a file in a folder of yours\n"
    ), done.stderr


def test_a_full_disk_stores_nothing_of_the_batch_and_all_of_it_later(tmp_path: Path) -> None:
    store = Store(tmp_path / "m.sqlite")
    speaker = Speaker(bytes(8), None)
    batch = [speaker.heard(speaker.event()) for _ in range(2_000)]
    pages = store._db.execute("PRAGMA page_count").fetchone()[0]
    store._db.execute(f"PRAGMA max_page_count={pages + 5}")
    with pytest.raises(StoreUnavailable, match="full"):
        store.ingest(batch)
    assert store.events() == []
    store._db.execute("PRAGMA max_page_count=1000000")
    assert {verdict.result for verdict in store.ingest(batch)} == {Result.STORED}
    assert len(store.events()) == 2_000
    store.close()


def test_a_damaged_database_is_no_reason_to_try_for_ever(tmp_path: Path) -> None:
    store = Store(tmp_path / "m.sqlite")
    speaker = Speaker(bytes(8), None)
    store.ingest([speaker.heard(speaker.event()) for _ in range(500)])
    store.close()
    with (tmp_path / "m.sqlite").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * ((tmp_path / "m.sqlite").stat().st_size - 4096))
    with pytest.raises((DeskError, InputError)) as refused:
        store = Store(tmp_path / "m.sqlite")
        speaker.say(store, speaker.event())
    assert "malformed" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_who_reads_sees_only_what_is_committed(tmp_path: Path) -> None:
    store = Store(tmp_path / "m.sqlite")
    speaker = Speaker(bytes(8), None)
    store._db.execute("BEGIN IMMEDIATE")
    store._ingest.take([Received(speaker.name, speaker.packet(speaker.event()), NOW_MS)])
    assert store.events() == []
    store._db.execute("COMMIT")
    assert len(store.events()) == 1
    store.close()
