"""The chained log: whole, or the first bad record is named; a kill, a full disk and a second writer do it no harm."""

from __future__ import annotations

import hashlib
import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import pytest

from davy.errors import InputError
from davy.station.chain import FIRST_PREV, Broken, Head, make_line, walk
from davy.station.log import Log, read_log

WRITES = """
import sys
from datetime import datetime, timezone
from pathlib import Path
from davy.station.log import Log
log = Log(Path(sys.argv[1]), lambda: datetime.now(timezone.utc))
for n in range(int(sys.argv[2])):
    log.append("attempt-start", fixture="1", n=n)
    print(n, flush=True)
sys.stdin.read()
"""
#: On a disk that is full after so many bytes. What was not recorded stays so, even when there is room again.
FULL = """
import resource, sys
from datetime import datetime, timezone
from pathlib import Path
from davy.errors import DeskError
from davy.station.log import Log
log = Log(Path(sys.argv[1]), lambda: datetime.now(timezone.utc))
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), hard))
for limit in (int(sys.argv[2]), hard):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        log.append("attempt-end", verdict="pass")
    except DeskError as error:
        print(error)
"""


def now() -> datetime:
    return datetime(2026, 7, 1, 8, 0, tzinfo=timezone.utc)


def written(path: Path, count: int = 5) -> list[bytes]:
    log = Log(path, now)
    for n in range(count):
        log.append("attempt-start", fixture="1", n=n, text="100 ppm – fine")
    log.close()
    return path.read_bytes().splitlines()


def writing(path: Path, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITES, str(path), str(count)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_each_record_holds_the_hash_of_the_line_before_and_its_own(tmp_path: Path) -> None:
    lines = written(tmp_path / "log")
    before = FIRST_PREV
    for seq, line in enumerate(lines, 1):
        record = json.loads(line)
        assert (record["seq"], record["time"], record["prev"]) == (seq, "2026-07-01T08:00:00.000+00:00", before)
        assert record["hash"] == hashlib.sha256(line[: line.rindex(b',"hash"')]).hexdigest()
        before = hashlib.sha256(line).hexdigest()
    records, head, broken = read_log(tmp_path / "log")
    assert [record.fields["n"] for record in records] == [0, 1, 2, 3, 4]
    assert (head, broken) == (Head(5, before), None)


def test_a_second_run_goes_on_where_the_first_ended(tmp_path: Path) -> None:
    written(tmp_path / "log", 2)
    lines = written(tmp_path / "log", 2)
    assert walk(lines)[2] is None
    assert [json.loads(line)["seq"] for line in lines] == [1, 2, 3, 4]


def test_no_single_byte_can_be_changed_unseen_and_the_line_is_named(tmp_path: Path) -> None:
    data = b"\n".join(written(tmp_path / "log", 3)) + b"\n"
    for at in range(len(data)):
        changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        *lines, torn = changed.split(b"\n")
        broken = walk(lines, torn)[2]
        assert broken is not None, at
        assert broken.line == data[:at].count(b"\n") + 1


def again_hashed(line: bytes, **changes: object) -> bytes:
    """A forged record: its own hash is right again."""
    record = {**json.loads(line), **changes}
    fields = {key: value for key, value in record.items() if key not in ("seq", "time", "kind", "prev", "hash")}
    return make_line(Head(record["seq"] - 1, record["prev"]), record["time"], record["kind"], fields)[0]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda lines: [*lines[:2], *lines[3:]], Broken(3, "seq: it is record 4 where 3 belongs")),
        (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], Broken(2, "seq: it is record 3 where 2 belongs")),
        (lambda lines: [*lines[:2], lines[1], *lines[2:]], Broken(3, "seq: it is record 2 where 3 belongs")),
        (lambda lines: lines[1:], Broken(1, "seq: it is record 2 where 1 belongs")),
        (
            lambda lines: [lines[0], lines[1].replace(b'"n":1', b'"n":7'), *lines[2:]],
            Broken(2, "hash: the line is not what its own hash says"),
        ),
        (
            lambda lines: [lines[0], again_hashed(lines[1], n=7), *lines[2:]],
            Broken(3, "order: it does not follow the line before"),
        ),
        (lambda lines: [*lines[:4], lines[4].replace(b',"n"', b', "n"')], Broken(5, "hash: the line is not what its own hash says")),
        (lambda lines: [lines[0], b"", *lines[1:]], Broken(2, "JSON: the line is empty")),
        (lambda lines: [lines[0], b"[]", *lines[1:]], Broken(2, "JSON: it is no object")),
        (lambda lines: [lines[0], b"{}", *lines[1:]], Broken(2, "JSON: time, kind, prev or hash is missing")),
        (lambda lines: [lines[0], lines[1].replace(b'"n":1', b'"n":NaN'), *lines[2:]], Broken(2, "JSON: NaN is no JSON")),
    ],
)  # fmt: skip
def test_the_first_bad_record_is_named_with_what_is_wrong(
    tmp_path: Path, spoil: Callable[[list[bytes]], list[bytes]], said: Broken
) -> None:
    assert walk(spoil(written(tmp_path / "log")))[2] == said


def test_a_station_does_not_start_on_a_broken_log_and_leaves_it_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "log"
    lines = written(path)
    spoilt = b"\n".join([*lines[:1], *lines[2:]]) + b"\n"
    path.write_bytes(spoilt)
    with pytest.raises(
        InputError, match=r"log:2: seq: it is record 3 where 2 belongs; keep that file as it is and name a new"
    ):
        Log(path, now)
    assert path.read_bytes() == spoilt


def test_a_log_cut_at_any_byte_is_healed_with_the_tail_kept_beside_and_told(tmp_path: Path) -> None:
    whole = b"\n".join(written(tmp_path / "log", 3)) + b"\n"
    path = tmp_path / "cut"
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        start = whole[:cut].rfind(b"\n") + 1
        log = Log(path, now)
        log.append("station-stop")
        log.close()
        records, _, broken = read_log(path)
        assert broken is None
        assert path.read_bytes().startswith(whole[:start])
        told = [record.fields for record in records if record.kind == "torn-tail"]
        assert [fields["bytes"] for fields in told] == ([cut - start] if cut > start else [])
        for fields in told:
            assert (tmp_path / fields["moved_to"]).read_bytes() == whole[start:cut]


@pytest.mark.parametrize("heard", [1, 7, 40])
def test_a_killed_writer_loses_no_record_that_it_told_of(tmp_path: Path, heard: int) -> None:
    path = tmp_path / "log"
    running = writing(path, 5000)
    assert running.stdout is not None
    told = "".join(running.stdout.readline() for _ in range(heard))
    running.send_signal(signal.SIGKILL)
    told += running.stdout.read()
    running.communicate()
    newest = int(re.findall(r"^\d+(?=\n)", told, re.MULTILINE)[-1])
    log = Log(path, now)
    log.append("station-start")
    log.close()
    records, _, broken = read_log(path)
    assert broken is None
    numbers = [record.fields["n"] for record in records if record.kind == "attempt-start"]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) > newest


def test_a_second_station_on_the_same_log_is_refused_with_the_process_that_has_it(tmp_path: Path) -> None:
    running = writing(tmp_path / "log", 1)
    assert running.stdout is not None
    running.stdout.readline()
    with pytest.raises(InputError, match=f"log: process {running.pid} writes it; one log for each station"):
        Log(tmp_path / "log", now)
    running.communicate("")
    Log(tmp_path / "log", now).close()


def test_on_a_full_disk_nothing_half_is_written_and_no_later_record_hides_the_gap(tmp_path: Path) -> None:
    path = tmp_path / "log"
    written(path, 2)
    before = path.read_bytes()
    tried = subprocess.run(
        [sys.executable, "-c", FULL, str(path), str(len(before) + 50)], capture_output=True, text=True, check=True
    )
    said = tried.stdout.splitlines()
    assert len(said) == 2, "with room again it still takes no record"
    assert re.fullmatch(r".*log: the disk is full \(.*\); free some space and start again", said[0])
    assert path.read_bytes() == before
    healed = Log(path, now)
    healed.append("station-start")
    healed.close()
    assert read_log(path)[2] is None


def test_a_record_that_is_no_json_is_a_bug_and_leaves_the_chain_as_it_was(tmp_path: Path) -> None:
    log = Log(tmp_path / "log", now)
    with pytest.raises(ValueError, match="not JSON compliant"):
        log.append("attempt-end", value=float("nan"))
    log.append("attempt-end", value=1)
    log.close()
    records, _, broken = read_log(tmp_path / "log")
    assert ([record.fields for record in records], broken) == ([{"value": 1}], None)


def test_a_log_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"nothing: cannot be read: No such file or directory; name the log of a station"
    ):
        read_log(tmp_path / "nothing")
    with pytest.raises(InputError, match=r"log: cannot be locked: No such file"):
        Log(tmp_path / "no" / "log", now)
