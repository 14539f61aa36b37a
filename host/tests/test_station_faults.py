"""The desk's own faults: a full disk, a kill at any moment, two stations on one serial file. A second run heals each."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from davy.paths import ROOT
from support.station_bench import Bench, Done, gone, lives, mac, read_until


def children_of(bench: Bench, count: int) -> list[int]:
    return [call["pid"] for number in range(1, count + 1) for call in bench.calls(number)]


@pytest.fixture(scope="module")
def ends_bytes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """Kind of record -> where it ends in the log of a good unit, counted from where the run began."""
    bench = Bench(tmp_path_factory.mktemp("whole"), [["pass"]])
    began_bytes = bench.with_long_log()
    assert bench.run().status == 0
    data = (bench.folder / "station.log").read_bytes()
    ends = [at + 1 - began_bytes for at, byte in enumerate(data) if byte == 10 and at >= began_bytes]
    return dict(zip([record.kind for record in bench.records()[1:]], ends, strict=True))


@pytest.mark.parametrize("kind", ["station-start", "unit-start", "attempt-start", "attempt-end", "label", "unit-end"])
def test_a_full_disk_at_any_record_passes_no_unit_and_with_room_again_it_passes(
    tmp_path: Path, kind: str, ends_bytes: dict[str, int]
) -> None:
    bench = Bench(tmp_path, [["pass"]])
    most_bytes = bench.with_long_log() + ends_bytes[kind] - 1
    done = bench.run("--most-bytes", str(most_bytes))
    assert done.status == 3, done
    assert re.fullmatch(
        r"davy: .*station\.log: the disk is full \(File too large\); free some space and start again\n", done.errors
    )
    assert list(ends_bytes)[: len(bench.records()) - 1] == list(ends_bytes)[: list(ends_bytes).index(kind)]
    assert "fixture 1: passed" not in done.out
    assert len(done.lines("not recorded: not passed")) == (kind != "station-start")
    given = bench.serials() if (tmp_path / "serials.jsonl").exists() else {}
    healed = bench.run()
    assert healed.status == 0, healed
    assert given.items() <= bench.serials().items() == {mac(1): "GA26000001"}.items()
    assert [record.fields["verdict"] for record in bench.records("unit-end")] == ["passed"]


def test_a_full_disk_stops_the_other_fixtures_too_and_none_of_them_runs_on(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [["hang"], ["pass"]])
    # Room for the start and for what comes before the end of the passing one.
    done = bench.run("--most-bytes", str(bench.with_long_log() + 2600))
    assert done.status == 3, done
    assert len(done.errors.splitlines()) == 1, done.errors
    assert all(gone(pid) for pid in children_of(bench, 2))
    assert "fixture 2: passed" not in done.out


@pytest.mark.parametrize("moment", ["probing", "allocating", "flashing", "testing", "labelling", "passed"])
def test_killed_at_any_moment_it_starts_again_with_each_unit_and_serial_where_it_was(
    tmp_path: Path, moment: str
) -> None:
    bench = Bench(tmp_path, [["pass"], ["retry", "pass"]])
    running = bench.start()
    read_until(running, f": {moment}")
    running.send_signal(signal.SIGKILL)
    running.communicate(timeout=30)
    given = bench.serials() if (tmp_path / "serials.jsonl").exists() else {}
    again = bench.run()
    assert again.status == 0, again
    assert given.items() <= bench.serials().items()
    assert set(bench.serials()) == {mac(1), mac(2)}
    units = sorted(path.name for path in (tmp_path / "units").iterdir())
    assert units == ["GA26000001", "GA26000002"], "no half of a unit, and no third one"
    assert {record.fields["mac"] for record in bench.records("unit-end") if record.fields["verdict"] == "passed"} == {
        mac(1), mac(2)}  # fmt: skip
    assert all(gone(pid) for pid in children_of(bench, 2))


@pytest.mark.parametrize("does", ["hang", "stubborn"])
def test_killed_while_it_writes_it_says_so_and_no_flash_process_is_left_on_the_port(tmp_path: Path, does: str) -> None:
    bench = Bench(tmp_path, [["pass"], [does]])
    running = bench.start()
    read_until(running, "passed")
    while len(bench.calls(2)) < 2:
        assert running.poll() is None
    left = bench.calls(2)[1]["pid"]
    running.send_signal(signal.SIGKILL)
    running.communicate(timeout=30)
    serial = bench.serials()[mac(2)]
    bench.script(2, {"mac": mac(2)})
    restarted = bench.start()
    heard = read_until(restarted, "fixture 1: probing")
    assert not lives(left), "it starts only when the old one has let the port go"
    rest, _ = restarted.communicate(timeout=60)
    again = Done(restarted.returncode, heard + rest, "")
    assert again.lines("was being") == [
        f"fixture 2: {serial} ({mac(2)}) was being written when the station stopped: start it again (it keeps its serial)"
    ]
    assert re.search(rf"^fixture 1: GA\d+ \({mac(1)}\) passed at 20", again.out, re.MULTILINE)
    assert again.status == 0, again
    assert bench.serials()[mac(2)] == serial


def test_a_torn_record_is_moved_beside_and_the_station_goes_on(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [["pass"]])
    bench.run()
    with (tmp_path / "station.log").open("ab") as log, (tmp_path / "serials.jsonl").open("ab") as serials:
        log.write(b'{"seq":8,"time":"20')
        serials.write(b'{"mac": "24:0a:c4')
    assert bench.run().status == 0
    told = {record.fields["file"]: record.fields["moved_to"] for record in bench.records("torn-tail")}
    assert set(told) == {"station.log", "serials.jsonl"}
    assert (tmp_path / told["station.log"]).read_bytes() == b'{"seq":8,"time":"20'
    assert (tmp_path / told["serials.jsonl"]).read_bytes() == b'{"mac": "24:0a:c4'


def test_a_station_refuses_a_log_that_was_changed(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [["fail"]])
    bench.run()
    path = tmp_path / "station.log"
    path.write_bytes(path.read_bytes().replace(b'"verdict":"failed"', b'"verdict":"passed"'))
    done = bench.run()
    assert done.status == 2
    assert re.fullmatch(
        r"davy: \S+station\.log:5: hash: the line is not what its own hash says; keep that file .* name a new log\n",
        done.errors,
    )


def test_two_stations_on_one_serial_file_give_every_unit_a_serial_of_its_own(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [["pass"], ["pass"], ["pass"]])
    second = tmp_path / "second.toml"
    text = bench.toml.read_text().replace("station.log", "second.log")
    second.write_text(text.replace('"p1"', '"p4"').replace('"p2"', '"p5"').replace('"p3"', '"p6"'))
    for number in (4, 5, 6):
        bench.script(number, {"mac": mac(number)})
    one = bench.start()
    bench.toml = second
    two = bench.start()
    for process in (one, two):
        out, errors = process.communicate(timeout=60)
        assert process.returncode == 0, out + errors
    serials = bench.serials()
    assert set(serials) == {mac(number) for number in range(1, 7)}
    assert sorted(serials.values()) == [f"GA2600000{number}" for number in range(1, 7)]


def test_two_stations_on_one_log_are_refused_at_the_second(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [["hang"]])
    running = bench.start()
    read_until(running, "flashing")
    done = bench.run()
    assert done.status == 2
    assert re.fullmatch(
        rf"davy: \S+station\.log: process {running.pid} writes it; one log for each station; or end that one\n",
        done.errors,
    )
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=30)


def test_every_kind_of_record_that_a_station_writes_is_on_its_page() -> None:
    page = (ROOT / "docs" / "station.md").read_text()
    written = "".join(path.read_text() for path in (ROOT / "host" / "davy" / "station").glob("*.py"))
    kinds = set(re.findall(r'(?:_record|append)\(\s*"([a-z-]+)"', written))
    assert {"station-start", "attempt-end", "unit-end", "torn-tail"} <= kinds
    assert {kind for kind in kinds if f"`{kind}`" not in page} == set()
