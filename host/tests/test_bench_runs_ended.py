"""Runs that end before their time, meet on one bench, or lose one of several: what is kept, what is said, and what goes on."""

from __future__ import annotations

import os
import signal
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from support.bench_runs import check_record
from support.meddling import (
    SECOND,
    SELECT,
    Ask,
    Ended,
    Meddler,
    emulated,
    ended,
    live_of,
    meddled,
    processes_of,
    run,
    start,
    tell,
    verdicts,
)
from support.waiting import until


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An emulated bench; who puts something wrong in it puts it right."""
    with emulated(tmp_path_factory.mktemp("bench")) as (path, _):
        yield path


@pytest.fixture
def records(tmp_path: Path) -> Path:
    return tmp_path / "records"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_interrupted_keeps_what_it_has_and_gives_no_verdict(
    number: signal.Signals, bench: Path, records: Path, tmp_path: Path
) -> None:
    meddler = Meddler(bench, records, SECOND, lambda _: process.send_signal(number))
    with meddler.file() as path:
        process = start(records, "--bench", path, *SELECT, "--junit", tmp_path / "j.xml")
        found = ended(process, records)
    assert found.status == 128 + number, found.said
    assert verdicts(found.out) == {"VIRTUAL-1": "STOPPED"}
    assert f"interrupted ({number.name})" in found.out
    assert "Traceback" not in found.said
    (record,) = found.records
    check_record(record)
    assert (record["outcome"], record["why"], record["cause"]) == ("ABORTED", f"interrupted ({number.name})", "")
    assert [phase["outcome"] for phase in record["phases"]] == ["PASS", "PASS", "SKIP"]
    assert (found.live["state"], found.live["outcome"]) == ("ended", "skip")
    assert 'name="outcome" value="skip"' in (tmp_path / "j.xml").read_text()
    assert processes_of(str(records)) == []


def test_a_second_interrupt_ends_a_run_at_once_whatever_it_does(bench: Path, records: Path, tmp_path: Path) -> None:
    said = tmp_path / "said.txt"

    def twice(_: Ask) -> None:
        # The bench owes the run an answer: after one interrupt it still waits for that.
        process.send_signal(signal.SIGINT)
        until(lambda: "once more ends it at once" in said.read_text(), "the first one is answered")
        process.send_signal(signal.SIGINT)
        process.wait(60)

    meddler = Meddler(bench, records, SECOND, twice)
    with meddler.file() as path, said.open("w") as file:
        process = start(records, "--bench", path, *SELECT, stderr=file)
        found = ended(process, records)
    assert found.status == 128 + signal.SIGINT, found.said
    assert found.records == []
    assert "Traceback" not in found.said + said.read_text()
    assert processes_of(str(records)) == []


def both_run_tests(records: Path) -> None:
    """Wait until the two virtual benches of a run do."""
    both = [f"virtual-{number}" for number in (1, 2)]
    until(lambda: all((live_of(records, each) or {}).get("phase") for each in both), "both benches run a test")


def test_an_interrupt_while_benches_are_being_opened_ends_the_run_without_a_word_of_failure(records: Path) -> None:
    process = start(records, "--count", 2)
    assert process.stdout is not None
    assert "bringing up" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    found = ended(process, records)
    assert found.status == 128 + signal.SIGINT, found.said
    assert not {"Traceback", "FAIL", "ERROR"} & set(found.said.replace(":", " ").split()), found.said
    assert set(verdicts(found.out).values()) <= {"STOPPED"}
    assert processes_of(str(records)) == []


def test_an_interrupt_ends_every_bench_of_a_run_in_good_order(records: Path) -> None:
    process = start(records, "--count", 2)
    both_run_tests(records)
    process.send_signal(signal.SIGINT)
    found = ended(process, records)
    assert found.status == 128 + signal.SIGINT, found.said
    assert verdicts(found.out) == {"VIRTUAL-1": "STOPPED", "VIRTUAL-2": "STOPPED"}
    assert "Traceback" not in found.said
    for record in found.records:
        check_record(record)
    assert [(each["outcome"], each["why"]) for each in found.records] == [("ABORTED", "interrupted (SIGINT)")] * 2
    assert processes_of(str(records)) == []


def test_a_run_whose_command_is_killed_ends_in_good_order_all_the_same(bench: Path, records: Path) -> None:
    meddler = Meddler(bench, records, SECOND, lambda _: process.kill())
    with meddler.file() as path:
        process = start(records, "--bench", path, *SELECT)
        process.wait(60)
        until(lambda: processes_of(str(records)) == [], "the suite ends")
        found = ended(process, records)
    assert found.status == -signal.SIGKILL
    assert found.records[0]["outcome"] == "ABORTED"
    assert found.live["state"] == "ended"


def test_after_a_run_that_was_killed_outright_the_bench_takes_the_next_one(bench: Path, records: Path) -> None:
    def kill(_: Ask) -> None:
        for each in processes_of(str(records)):
            os.kill(each, signal.SIGKILL)

    found = meddled(bench, records, kill)
    assert found.status == -signal.SIGKILL
    assert found.records == []
    assert found.live["state"] == "running"
    next_one = run(records, "--bench", bench, "-k", "no_command_opens")
    assert next_one.status == 0, next_one.said
    assert (next_one.live["state"], next_one.live["outcome"]) == ("ended", "pass")


def test_a_second_run_on_a_bench_is_told_who_has_it_and_the_first_goes_on_unharmed(
    bench: Path, records: Path, tmp_path: Path
) -> None:
    second: list[Ended] = []
    first = meddled(
        bench,
        records,
        lambda _: second.append(run(records, "--bench", bench, *SELECT, "--junit", tmp_path / "j.xml")),
    )
    assert first.status == 0, first.said
    assert len(first.records) == 1
    (other,) = second
    assert other.status == 3
    assert "the bench is held by process " in other.out
    assert "  rig: " in other.out
    assert "Traceback" not in other.said
    (suite,) = ElementTree.parse(tmp_path / "j.xml").getroot()
    assert (suite.get("failures"), suite.get("errors")) == ("0", "1")


def test_of_several_benches_one_that_breaks_leaves_the_others_their_verdicts(
    bench: Path, records: Path, tmp_path: Path
) -> None:
    # In the middle of the test itself, a minute into its two of waiting: of a set-up that breaks no tool makes a failure.
    unplug, during = {"do": "unplug", "what": "rig"}, "without its broker"
    with emulated(tmp_path, "second") as (other, _):
        other.write_text(other.read_text().replace("emulated-1", "emulated-2"))
        meddler = Meddler(bench, records, during, lambda ask: ask(unplug), after_ms=60_000, live="emulated-1")
        with meddler.file() as path:
            words = ["-k", "proves_who or without_its_broker", "--junit", tmp_path / "j.xml"]
            found = run(records, "--bench", path, "--bench", other, *words)
    tell(bench, do="plug", what="rig")
    assert found.status == 3, found.said
    assert verdicts(found.out) == {"VIRTUAL-1": "BENCH ERROR", "VIRTUAL-2": "PASS"}
    assert "[2] ok    without its broker" in found.out
    assert "[1] bench error (rig): " in found.out
    assert "FAIL" not in found.out
    assert sorted(each["outcome"] for each in found.records) == ["ERROR", "PASS"]
    (suite,) = ElementTree.parse(tmp_path / "j.xml").getroot()
    assert suite.get("failures") == "0"
    assert suite.get("errors") != "0"


def test_of_two_benches_one_whose_process_is_killed_leaves_the_other_its_verdict(records: Path, tmp_path: Path) -> None:
    process = start(records, "--count", 2, *SELECT, "--junit", tmp_path / "j.xml")
    both_run_tests(records)
    (suite,) = psutil.Process(process.pid).children()
    one, _ = suite.children()
    one.kill()
    found = ended(process, records)
    assert found.status == 3, found.said
    words = verdicts(found.out)
    assert sorted(words.values()) == ["BENCH ERROR", "PASS"]
    assert "the process of the bench: has ended in the middle of the run" in found.out
    assert "FAIL" not in found.out
    (suite_result,) = ElementTree.parse(tmp_path / "j.xml").getroot()
    assert (suite_result.get("failures"), suite_result.get("errors")) == ("0", "1")


def test_of_three_virtual_benches_one_whose_record_is_not_taken_leaves_the_others_theirs(records: Path) -> None:
    records.mkdir()
    (records / "VIRTUAL-2").write_text("in the way")
    found = run(records, "--count", 3, "-k", "no_command_opens")
    assert found.status == 3, found.said
    assert verdicts(found.out) == {"VIRTUAL-1": "PASS", "VIRTUAL-2": "BENCH ERROR", "VIRTUAL-3": "PASS"}
    assert "  record: " in found.out
    assert (records / "VIRTUAL-2").read_text() == "in the way"


def test_a_mistake_of_the_suite_itself_is_loud_and_no_verdict(records: Path, tmp_path: Path) -> None:
    (tmp_path / "broken_hook.py").write_text(
        "def pytest_runtest_call(item):\n"
        "    pass\n"
        "def pytest_runtest_logfinish(nodeid):\n"
        "    if 'button_opens' in nodeid:\n"
        "        raise KeyError('a mistake')\n"
    )
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path]),
        "PYTEST_PLUGINS": "broken_hook",
    }
    found = run(records, *SELECT, env=environment)
    assert found.status == 70, found.said
    assert "KeyError: 'a mistake'" in found.said
    assert "Traceback" in found.err
    assert verdicts(found.out) == {"VIRTUAL-1": "STOPPED"}
    assert [each["outcome"] for each in found.records] == ["ABORTED"]
    assert live_of(records) is not None
