"""A record is written once, whole or not at all: full disks, kills, folders that go away, several benches at once."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import secrets
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davy.bench import history
from davy.bench.errors import BenchError
from davy.bench.record_file import beside, kept, put_in_place, safe_name, sha256_of
from davy.errors import InputError
from davy.paths import ROOT
from support.bench_runs import (
    checked_record,
    new_recorder,
    new_run,
    record_one,
)


def test_a_finished_record_is_read_only_and_its_name_is_not_given_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "token_hex", lambda _: "0" * 8)
    first = record_one(tmp_path)
    before = first.read_bytes()
    assert first.name == "20251125T214840Z-bench_1-00000000.json"
    assert stat.S_IMODE(first.stat().st_mode) == 0o444
    with pytest.raises(BenchError, match="is there already, and a record is never changed") as refused:
        record_one(tmp_path, value=999.0)
    assert refused.value.cause == "record"
    assert first.read_bytes() == before
    assert {path.name for path in first.parent.iterdir()} == {first.name, first.with_suffix(".html").name}


@pytest.mark.parametrize(
    "serial",
    ["88.118.8/GA26000101", "../../x", "..", ".", "", "live", "LIVE", "单元 1", "-rf", "a\x00b", "history.sqlite"],
)
def test_every_serial_has_a_folder_of_its_own_under_the_records(serial: str, tmp_path: Path) -> None:
    home = tmp_path / "records"
    home.mkdir()
    path = record_one(home, serial)
    assert path.parent.parent == home
    assert path.parent.name.lower() != "live"
    assert json.loads(path.read_bytes())["dut_id"] == serial
    assert {each.name for each in tmp_path.iterdir()} == {"records"}
    assert [each.serial for each in history.runs(home)] == [serial]


@given(st.text(max_size=20), st.text(max_size=20))
def test_two_serials_never_share_a_folder(one: str, other: str) -> None:
    if one != other:
        assert safe_name(one) != safe_name(other)
    assert "/" not in safe_name(one)
    assert safe_name(one) not in ("", ".", "..")


def test_a_serial_that_is_no_files_name_is_refused_before_the_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="too long for a file's name"):
        new_recorder(tmp_path, new_run("A" * 200))


_FULL_DISK = """
import os, resource, signal, sys
from pathlib import Path
from support.bench_runs import new_recorder
from davy.bench.errors import BenchError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
folder, when, most = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
kept_by = new_recorder(folder)
kept_by.begin("valve closes")
for number in range(200):
    kept_by.measure("valve_close_time", number, "ms", 0, 1000)
if when == "end":
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
try:
    kept_by.end("pass")
    kept_by.finish("pass")
except BenchError as error:
    print(error.cause, error, flush=True)
else:
    print("kept", flush=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
if len(sys.argv) > 4:
    print(kept_by.finish("pass"), flush=True)
"""


def program(*arguments: str, text: str = _FULL_DISK) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join([str(ROOT / "host"), str(ROOT / "host" / "tests")])
    return subprocess.run(
        [sys.executable, "-c", text, *arguments],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )


@pytest.mark.parametrize(("most", "said"), [(100, "live"), (60_000, "GA26000001/")])
def test_a_full_disk_is_an_error_of_the_bench_with_nothing_half_written(most: int, said: str, tmp_path: Path) -> None:
    """The limit on a file's size stands for the disk: it needs no rights. At 60,000 bytes the live file fits, the record does not."""
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    printed = program(str(tmp_path), "end", str(most)).stdout
    assert printed.startswith("record ")
    assert said in printed
    assert "could not be written: File too large; make room" in printed
    left = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()]
    assert left == ["live/bench_1.json"]
    json.loads((tmp_path / left[0]).read_bytes())


def test_with_room_again_the_same_run_is_kept(tmp_path: Path) -> None:
    lines = program(str(tmp_path), "end", "60000", "again").stdout.splitlines()
    assert lines[0].startswith("record ")
    record = checked_record(Path(lines[1]))
    assert len(record["phases"]) == 1
    assert len(record["phases"][0]["measurements"]) == 200
    assert len(history.runs(tmp_path)) == 1


def test_a_history_that_does_not_take_the_run_leaves_its_record_whole(tmp_path: Path) -> None:
    (tmp_path / "history.sqlite").write_text("this is a letter to my aunt, not a database" * 40)
    with pytest.raises(BenchError, match="its record is whole") as refused:
        record_one(tmp_path)
    assert refused.value.cause == "record"
    assert "davy bench history --rebuild" in refused.value.hint
    (found,) = (tmp_path / "GA26000001").glob("*.json")
    checked_record(found)
    assert json.loads((tmp_path / "live" / "bench_1.json").read_bytes())["state"] == "ended"
    (tmp_path / "history.sqlite").unlink()
    assert history.rebuild(tmp_path).added == 1


def test_a_folder_that_went_away_is_an_error_of_the_bench(tmp_path: Path) -> None:
    folder = tmp_path / "records"
    kept_by = new_recorder(folder)
    kept_by.begin("valve closes")
    folder.rename(tmp_path / "elsewhere")
    with pytest.raises(BenchError, match="could not be written: No such file") as refused:
        kept_by.end("pass")
    assert refused.value.cause == "record"


_KILLED = """
import os, signal, sys
from pathlib import Path
import davy.bench.record_file as files
from support.bench_runs import record_one
left = int(sys.argv[2])

def dying(real):
    def call(*arguments, **named):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **named)
    return call

for name in ("fsync", "fchmod", "link", "replace"):
    setattr(os, name, dying(getattr(os, name)))
record_one(Path(sys.argv[1]), serial="GA2")
print("kept")
"""


def test_killed_at_any_moment_it_leaves_whole_records_or_none(tmp_path: Path) -> None:
    """Before each call that puts something on the disk in its turn, until the run gets through."""
    outcomes = set()
    for moment in range(40):
        folder = tmp_path / str(moment)
        record_one(folder, serial="GA1")
        try:
            program(str(folder), str(moment), text=_KILLED)
        except subprocess.CalledProcessError as error:
            assert error.returncode == -signal.SIGKILL
        else:
            break
        records = [path for path in folder.glob("GA2/*.json") if not path.name.startswith(".")]
        for path in records:
            checked_record(path)
            assert stat.S_IMODE(path.stat().st_mode) == 0o444
        outcomes.add(len(records))
        json.loads((folder / "live" / "bench_1.json").read_bytes())
        known = {each.serial for each in history.runs(folder)}
        assert history.rebuild(folder).unreadable == ()
        assert {each.serial for each in history.runs(folder)} == ({"GA1", "GA2"} if records else {"GA1"})
        assert "GA1" in known
    else:
        pytest.fail("the run never got through")
    assert outcomes == {0, 1}


_BENCH = """
import sys
from pathlib import Path
from support.bench_runs import Clocks, record_one
sys.stdin.readline()
clocks = Clocks()
for number in range(int(sys.argv[3])):
    record_one(Path(sys.argv[1]), f"GA{number}", 100.0 + number, bench=sys.argv[2], clocks=clocks)
"""


def test_two_benches_at_once_keep_every_run_of_both(tmp_path: Path) -> None:
    paths = os.pathsep.join([str(ROOT / "host"), str(ROOT / "host" / "tests")])
    benches = [
        subprocess.Popen(
            [sys.executable, "-c", _BENCH, str(tmp_path), f"bench_{number}", "15"],
            env={**os.environ, "PYTHONPATH": paths},
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    for bench in benches:
        assert bench.stdin is not None
        bench.stdin.write("\n")
        bench.stdin.flush()
    for bench in benches:
        _, complaint = bench.communicate(timeout=100)
        assert bench.returncode == 0, complaint
    found = history.runs(tmp_path, last=1_000)
    assert sorted((each.bench, each.serial) for each in found) == sorted(
        (f"bench_{bench}", f"GA{number}") for bench in range(3) for number in range(15)
    )
    assert {each.file_state for each in found} == {"whole"}
    assert {path.name for path in (tmp_path / "live").iterdir()} == {f"bench_{bench}.json" for bench in range(3)}


def test_a_file_next_to_a_record_is_removed_when_it_did_not_get_its_name(tmp_path: Path) -> None:
    target = tmp_path / "a.json"
    with pytest.raises(BenchError), kept(target), beside(target, b"one", 0o444) as waiting:
        put_in_place(waiting, target)
        put_in_place(waiting, target)
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
    assert sha256_of(target.read_bytes()) == hashlib.sha256(b"one").hexdigest()
