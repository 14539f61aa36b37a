"""`davy station`, its `verify` and its `status`, as processes: what they say, and their exit statuses."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import pytest

from davy.station.log import Log
from support.station_bench import Bench, mac, read_until

DAVY = (sys.executable, "-m", "davy", "station")


def station(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [*DAVY, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=100, stdin=subprocess.DEVNULL)


def a_log(path: Path) -> list[bytes]:
    log = Log(path, lambda: datetime(2026, 7, 1, 8, tzinfo=timezone.utc))
    for kind in ("station-start", "unit-start", "station-stop"):
        log.append(kind, fixture="1")
    log.close()
    return path.read_bytes().splitlines(keepends=True)


def test_verify_proves_a_whole_log(tmp_path: Path) -> None:
    a_log(tmp_path / "log")
    done = station("verify", tmp_path / "log")
    assert done.returncode == 0
    said = re.search(
        r"log: whole: 3 records, 2026-07-01T08:\S+ to 2026-07-01T08:\S+; the newest is ([0-9a-f]{64})", done.stdout
    )
    assert said
    told = station("verify", tmp_path / "log", "--json", "--holds", said[1])
    assert json.loads(told.stdout) == {
        "log": str(tmp_path / "log"), "whole": True, "records": 3, "newest": said[1], "first_bad": None, "holds": True,
    }  # fmt: skip


def test_verify_names_the_first_bad_record_with_its_line(tmp_path: Path) -> None:
    lines = a_log(tmp_path / "log")
    (tmp_path / "log").write_bytes(lines[0] + lines[2] + lines[1])
    done = station("verify", tmp_path / "log")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == f"{tmp_path}/log:2: seq: it is record 3 where 2 belongs; the 1 records before it are sound\n"
    told = json.loads(station("verify", tmp_path / "log", "--json").stdout)
    assert (told["whole"], told["first_bad"]) == (False, {"line": 2, "what": "seq: it is record 3 where 2 belongs"})


def test_records_cut_off_the_end_show_by_a_hash_kept_elsewhere(tmp_path: Path) -> None:
    lines = a_log(tmp_path / "log")
    newest = json.loads(station("verify", tmp_path / "log", "--json").stdout)["newest"]
    (tmp_path / "log").write_bytes(b"".join(lines[:2]))
    assert station("verify", tmp_path / "log").returncode == 0
    done = station("verify", tmp_path / "log", "--holds", newest)
    assert done.returncode == 1
    assert f"2 records follow one another, and none is {newest}: lines were cut off" in done.stdout


def test_status_tells_of_each_fixture_of_counts_and_of_serials(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [["pass"], ["fail"], ["hang"]])
    before = station("status", bench.toml)
    assert before.returncode == 0, before.stderr
    assert before.stdout.splitlines()[:2] == ["station line 1 is not running", "fixture 1: nothing is known"]
    assert not (tmp_path / "station.log").exists(), "looking makes nothing"
    running = bench.start()
    heard = ""
    while not (": passed" in heard and ": failed" in heard and heard.count("flashing") == 3):
        heard += read_until(running, "fixture")
    while len(bench.calls(3)) < 2:
        assert running.poll() is None
    serials = bench.serials()
    during = station("status", bench.toml).stdout
    assert f"fixture 3: {serials[mac(3)]} ({mac(3)}) is being written now\n" in during
    assert during.startswith("station line 1 is running\n")
    running.send_signal(signal.SIGKILL)
    running.communicate(timeout=30)
    found = json.loads(station("status", bench.toml, "--json").stdout)
    assert (found["passed"], found["failed"], found["not_judged"], found["tries"]) == (1, 1, 0, 3)
    assert (found["open"], found["serials_given"], found["serials_free"]) == ([serials[mac(3)]], 3, 17)
    assert found["fixtures"][2].endswith(
        "was being written when the station stopped: start it again (it keeps its serial)"
    )
    assert re.fullmatch(
        rf"fixture 2: {serials[mac(2)]} \({mac(2)}\) failed at \S+: self-test: valve", found["fixtures"][1]
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["nothing.toml"],
            r"davy: nothing\.toml: cannot be read: No such file or directory; name a station's TOML file",
        ),
        (["--auto", "nothing.toml"], r"davy: nothing\.toml: cannot be read"),
        (["{toml}"], r"davy: --auto: is needed where no terminal is; it starts each fixture once and ends"),
        (["verify", "nothing.log"], r"davy: nothing\.log: cannot be read: No such file or directory"),
        (["verify", "{toml}", "--holds", "abc"], r"davy: --holds: 'abc' will not do; 64 digits of hexadecimal"),
        (["status", "nothing.toml"], r"davy: nothing\.toml: cannot be read"),
        (["run"], r"davy: Missing argument 'STATION\.toml'"),
    ],
)
def test_bad_input_is_one_line_and_exit_status_2(tmp_path: Path, arguments: list[str], said: str) -> None:
    (tmp_path / "s.toml").write_text(Bench(tmp_path, [["pass"]]).toml.read_text())
    before = sorted(tmp_path.rglob("*"))
    done = station(*[argument.format(toml=tmp_path / "s.toml") for argument in arguments])
    assert done.returncode == 2, done
    assert re.match(said, done.stderr), done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_a_port_that_is_not_there_is_the_desks_fault_and_gives_no_serial(tmp_path: Path) -> None:
    """The whole command, with the flashing tool that it calls by itself."""
    bench = Bench(tmp_path, [["pass"]])
    bench.toml.write_text(bench.toml.read_text().replace('port = "p1"', 'usb = "99-1"'))
    done = station(bench.toml, "--auto")
    assert done.returncode == 3, done
    assert re.search(
        r"fixture 1: not judged: usb 99-1: nothing is plugged in there \(taken places: .*\); plug it in", done.stdout
    )
    assert not (tmp_path / "serials.jsonl").exists()


def test_help_teaches_with_examples() -> None:
    done = station("--help")
    assert done.returncode == 0
    for example in ("davy station bench1.toml --auto", "davy station verify bench1.log"):
        assert example in done.stdout
