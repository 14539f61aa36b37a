"""The history of runs: idempotent, made anew of the records, witness of what they were; told by `davy bench history`."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from davy.bench import history
from davy.bench.history_schema import open_history, read_history
from davy.bench.openhtf import from_record
from davy.errors import DeskError, InputError
from support.bench_runs import HOSTILE, Clocks, bench, record_one


def overwrite(path: Path, content: bytes) -> None:
    """As somebody would who has the rights to."""
    path.chmod(0o644)
    path.write_bytes(content)


def test_the_same_record_is_in_the_history_once(tmp_path: Path) -> None:
    path = record_one(tmp_path)
    run, name = from_record(json.loads(path.read_bytes())), path.relative_to(tmp_path).as_posix()
    sha256 = history.runs(tmp_path)[0].sha256
    with contextlib.closing(open_history(tmp_path / "history.sqlite")) as db:
        assert not history.insert(db, run, name, sha256)
        assert not history.insert(db, run, "elsewhere/copy.json", sha256)
        assert not history.insert(db, run, name, "0" * 64)  # other bytes under the name of a finished record
        assert db.execute("SELECT count(*) FROM runs").fetchone()[0] == 1
        assert db.execute("SELECT count(*) FROM measurements").fetchone()[0] == 1


def test_an_insert_that_fails_leaves_nothing_of_the_run(tmp_path: Path) -> None:
    run = from_record(json.loads(record_one(tmp_path).read_bytes()))
    run.phases[0].measurements.append(None)  # type: ignore[arg-type]
    with contextlib.closing(open_history(tmp_path / "new.sqlite")) as db:
        with pytest.raises(AttributeError):
            history.insert(db, run, "a.json", "0" * 64)
        assert [db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("runs", "phases")] == [0, 0]
        assert not db.in_transaction


def test_a_history_is_made_anew_of_the_records_alone(tmp_path: Path) -> None:
    clocks = Clocks()
    for number in range(5):
        record_one(tmp_path, f"GA{number % 2}", 100.0 + number, clocks=clocks)
    before = history.runs(tmp_path)
    for path in tmp_path.glob("history.sqlite*"):
        path.unlink()
    (tmp_path / "GA0" / "notes.json").write_text("{}")
    (tmp_path / "GA0" / "list.json").write_text("[1]")
    (tmp_path / "GA0" / "cut.json").write_bytes(before[0].sha256.encode()[:7])
    done = history.rebuild(tmp_path)
    assert (done.added, done.known, done.changed) == (5, 0, ())
    assert sorted(done.unreadable) == ["GA0/cut.json", "GA0/list.json", "GA0/notes.json"]
    assert history.runs(tmp_path) == before
    assert history.rebuild(tmp_path).known == 5


def test_a_record_that_was_changed_is_told_and_never_taken_for_the_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clocks = Clocks()
    changed = record_one(tmp_path, value=1200.0, clocks=clocks)
    gone = record_one(tmp_path, clocks=clocks)
    whole = record_one(tmp_path, clocks=clocks)
    assert bench("history", "GA26000001", "--records", str(tmp_path)) == 0
    overwrite(changed, changed.read_bytes().replace(b"1200.0", b"200.0").replace(b"FAIL", b"PASS"))
    gone.unlink()
    capsys.readouterr()
    assert bench("history", "GA26000001", "--records", str(tmp_path)) == 1
    told = capsys.readouterr().out
    assert f"{changed.relative_to(tmp_path)}: is not what was written" in told
    assert f"{gone.relative_to(tmp_path)}: is gone" in told
    assert whole.name not in told
    assert history.rebuild(tmp_path).changed == (changed.relative_to(tmp_path).as_posix(),)
    states = {each.file: (each.file_state, each.outcome) for each in history.runs(tmp_path)}
    assert states[changed.relative_to(tmp_path).as_posix()] == ("changed", "fail")


def test_history_lists_the_newest_first_of_one_device_or_of_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clocks = Clocks()
    record_one(tmp_path, "GA1", 10.0, clocks=clocks)
    record_one(tmp_path, "GA2", 950.0, clocks=clocks)
    record_one(tmp_path, "GA1", 2000.0, clocks=clocks)
    record_one(tmp_path, "GA1", 300.0, clocks=clocks, outcome="error")
    assert bench("history", "GA1", "--records", str(tmp_path), "--json") == 0
    told: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    assert [(each["outcome"], each["failed"], each["cause"]) for each in told] == [
        ("error", 0, "rig"),
        ("fail", 1, ""),
        ("marginal", 0, ""),
    ]
    assert bench("history", "--records", str(tmp_path), "--last", "3") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "bench error" in lines[1]
    assert "2025-11-25 21:51:40 UTC" in lines[1]
    assert "✗ fail" in lines[2]
    assert "! marginal" in lines[3]
    assert "GA2" in lines[3]
    assert lines[4].endswith(": rig: it is gone")


def test_rebuild_is_a_command_and_says_what_it_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record_one(tmp_path)
    for path in tmp_path.glob("history.sqlite*"):
        path.unlink()
    (tmp_path / "GA26000001" / "notes.json").write_text("{}")
    assert bench("history", "--rebuild", "--records", str(tmp_path)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["1 records added, 0 known", "GA26000001/notes.json: is no record of davy bench, left out"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("history", "GA9"), r"GA9: has no run in .*; davy bench history lists all"),
        (("trend", "valve"), r"valve: was never measured; there is: valve_close_time"),
        (("trend", "valve_close_time", "-o", "x.pdf"), r"-o: x.pdf has another ending; one of .html, .svg, .png"),
        (("trend", "valve_close_time", "-o", "/nowhere/x.svg"), r"-o: there is no folder /nowhere; make it first"),
        (
            ("trend", "valve_close_time", "--phase", "y"),
            r"--phase: valve_close_time is not measured in 'y'; of valve closes",
        ),
    ],
)
def test_bad_input_gets_one_line_that_says_what_is_right(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    record_one(tmp_path)
    with pytest.raises(InputError, match=f"^{said}"):
        bench(*arguments, "--records", str(tmp_path))


def test_a_folder_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^--records: there is no folder"):
        bench("history", "--records", str(tmp_path / "none"))
    with pytest.raises(InputError, match=r"history\.sqlite: is not there; name the folder"):
        bench("trend", "m", "--records", str(tmp_path))


def _letter(path: Path) -> None:
    path.write_text("Dear aunt, this is no database at all. " * 100)


def _foreign(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE recipes (name TEXT)")
        db.commit()


def _newer(path: Path) -> None:
    open_history(path).close()
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version=99")


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _torn(path: Path) -> None:
    record_one(path.parent)
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)  # all but the first page
    path.write_bytes(bytes(content))


@pytest.mark.parametrize("spoil", [_letter, _foreign, _newer, _empty, _torn])
def test_a_file_that_is_no_history_is_told_in_one_line(spoil: Any, tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    spoil(path)
    with pytest.raises((InputError, DeskError)) as told:
        history.runs(tmp_path)
    assert str(told.value).startswith(f"{path}: is no history of davy bench (")
    assert "davy bench history --rebuild makes it" in str(told.value)
    assert "\n" not in str(told.value)


def test_a_foreign_database_is_not_touched_by_writing_either(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    _foreign(path)
    before = path.read_bytes()
    with pytest.raises(InputError, match="it is a database of something else"):
        open_history(path)
    assert path.read_bytes() == before


def test_reading_changes_nothing(tmp_path: Path) -> None:
    record_one(tmp_path)
    with contextlib.closing(read_history(tmp_path / "history.sqlite")) as db, pytest.raises(sqlite3.OperationalError):
        db.execute("DELETE FROM runs")


_LOCKED = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.readline()
db.execute("COMMIT")
"""


def test_a_bench_waits_for_another_one_that_writes(tmp_path: Path) -> None:
    record_one(tmp_path, "GA1")
    path = tmp_path / "history.sqlite"
    other = subprocess.Popen(
        [sys.executable, "-c", _LOCKED, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdin is not None
    assert other.stdout is not None
    assert other.stdout.readline() == "locked\n"
    with contextlib.closing(open_history(path)) as db:
        db.execute("PRAGMA busy_timeout=0")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            db.execute("BEGIN IMMEDIATE")
    other.stdin.write("\n")
    other.stdin.flush()
    record_one(tmp_path, "GA2")  # may begin while the other one still holds it
    assert other.wait(60) == 0
    assert {each.serial for each in history.runs(tmp_path)} == {"GA1", "GA2"}


def test_hostile_names_are_shown_and_not_obeyed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record_one(tmp_path, "[bold]GA1[/]", name="'; DROP TABLE runs; --", phase=HOSTILE)
    assert bench("history", "--records", str(tmp_path)) == 0
    assert "[bold]GA1[/]" in capsys.readouterr().out
    assert bench("trend", "'; DROP TABLE runs; --", "--records", str(tmp_path)) == 0
    assert "DROP TABLE runs" in capsys.readouterr().out
    assert len(history.runs(tmp_path)) == 1
