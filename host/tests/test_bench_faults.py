"""What goes wrong with a bench: the run ends as a bench error with its cause, and the device gets no verdict; everything is given back."""

from __future__ import annotations

import os
import resource
import sqlite3
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from davy.bench.control import pack
from davy.bench.unit_made import make_unit
from davy.image.boardfile import load_board
from davy.image.build import build_program
from davy.image.calibration import nominal
from davy.paths import BOARDS
from support.bench_runs import check_record
from support.meddling import (
    SECOND,
    SELECT,
    THIRD,
    Ask,
    Ended,
    emulated,
    meddled,
    processes_of,
    run,
    tell,
    verdicts,
)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An emulated bench; who puts something wrong in it puts it right."""
    with emulated(tmp_path_factory.mktemp("bench")) as (path, _):
        yield path


@pytest.fixture
def records(tmp_path: Path) -> Path:
    return tmp_path / "records"


def check_bench_error(found: Ended, cause: str, said: str, junit: Path | None = None) -> None:
    """Exit status, lines, record, live file, history and JUnit are of one mind, and none has a verdict."""
    assert found.status == 3, found.said
    assert "Traceback" not in found.said
    assert said in found.out, found.said
    assert len([line for line in found.out.splitlines() if line.startswith(f"  {cause}: ")]) == 1, found.out
    assert set(verdicts(found.out).values()) == {"BENCH ERROR"}
    assert "FAIL  " not in found.out
    (record,) = found.records
    check_record(record)
    assert (record["outcome"], record["cause"]) == ("ERROR", cause)
    assert record["outcome_details"][0]["code"] == f"BENCH_{cause.upper()}"
    assert [phase["outcome"] for phase in record["phases"] if phase["outcome"] not in ("PASS", "ERROR")] == []
    live = found.live
    assert (live["state"], live["outcome"], live["cause"], live["counts"]["fail"]) == ("ended", "error", cause, 0)
    with closing(sqlite3.connect(found.folder / "history.sqlite")) as history:
        assert history.execute("SELECT outcome, cause FROM runs").fetchall() == [("error", cause)]
        assert history.execute("SELECT count(*) FROM phases WHERE outcome = 'fail'").fetchone() == (0,)
    if junit is not None:
        (suite,) = ElementTree.parse(junit).getroot()
        assert (suite.get("failures"), suite.get("errors")) == ("0", "1")
        assert suite.find(".//failure") is None
        told = {each.get("name"): each.get("value") for each in suite.find("properties") or ()}
        assert (told["outcome"], told["cause"]) == ("error", cause)


def names(record: dict[str, Any]) -> list[str]:
    return [phase["name"] for phase in record["phases"]]


# The rig


@pytest.mark.parametrize(
    ("break_it", "mend_it", "said"),
    [("unplug", "plug", "line rig: is gone"), ("kill", "revive", "rig: does not answer")],
    ids=["unplugged", "dead"],
)
def test_a_rig_that_is_lost_in_a_test_ends_the_run_as_an_error_of_the_bench(
    break_it: str, mend_it: str, said: str, bench: Path, records: Path, tmp_path: Path
) -> None:
    found = meddled(bench, records, lambda ask: ask({"do": break_it, "what": "rig"}), "--junit", tmp_path / "j.xml")
    tell(bench, do=mend_it, what="rig")
    check_bench_error(found, "rig", said, tmp_path / "j.xml")
    (record,) = found.records
    assert [phase["outcome"] for phase in record["phases"]] == ["PASS", "PASS", "ERROR"]
    assert SECOND in names(record)[2]
    assert THIRD not in found.out
    assert processes_of(str(records)) == []


def test_a_bench_whose_computer_dies_in_a_test_is_an_error_of_the_rig(records: Path, tmp_path: Path) -> None:
    with emulated(tmp_path) as (path, program):
        found = meddled(path, records, lambda _: program.kill())
    check_bench_error(found, "rig", "is gone")


# The device


@pytest.mark.parametrize(
    ("break_it", "mend_it", "what", "during", "after_ms"),
    [
        ("kill", "revive", "device", "self-check", 0),
        ("unplug", "plug", "wired", SECOND, 1_000),
    ],
    ids=["dead-from-the-start", "unplugged-in-a-test"],
)
def test_a_device_that_is_silent_is_an_error_of_the_bench_and_not_a_verdict(
    break_it: str, mend_it: str, what: str, during: str, after_ms: int, bench: Path, records: Path, tmp_path: Path
) -> None:
    junit = tmp_path / "j.xml"
    request = {"do": break_it, "what": what}
    found = meddled(bench, records, lambda ask: ask(request), "--junit", junit, during=during, after_ms=after_ms)
    tell(bench, do=mend_it, what=what)
    check_bench_error(found, "device", "line wired" if what == "wired" else "no sign of life", junit)
    assert THIRD not in found.out


_DIES = """
def pytest_pyfunc_call(pyfuncitem):
    if "button_opens" in pyfuncitem.nodeid:
        bench = pyfuncitem._request.getfixturevalue("bench")
        bench.storage._bench.ask({"do": "kill", "what": "device"})
        raise AssertionError("the valve did not close")
"""


def test_a_test_that_fails_on_a_device_that_died_is_no_failure_of_the_device(
    bench: Path, records: Path, tmp_path: Path
) -> None:
    (tmp_path / "dies.py").write_text(_DIES)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path]), "PYTEST_PLUGINS": "dies"}
    found = run(records, "--bench", bench, *SELECT, "--junit", tmp_path / "j.xml", env=environment)
    tell(bench, do="revive", what="device")
    check_bench_error(found, "device", "no sign of life", tmp_path / "j.xml")
    assert "the valve did not close" not in found.out


def test_a_device_without_a_working_program_is_an_error_of_the_bench(
    bench: Path, records: Path, tmp_path: Path
) -> None:
    (tmp_path / "boot.py").write_text("")
    (tmp_path / "main.py").write_text("raise ValueError('not today')\n")
    found = run(records, "--bench", bench, "--firmware", tmp_path, *SELECT)
    check_bench_error(found, "device", "no sign of life")
    assert len(found.records[0]["phases"]) == 2


def test_a_device_that_is_alive_but_does_not_get_ready_is_an_error_with_what_it_said(
    bench: Path, records: Path
) -> None:
    tell(bench, do="wrong", what="wire", name="methane_uv", off=True)
    found = run(records, "--bench", bench, *SELECT)
    tell(bench, do="wrong", what="wire", name="methane_uv", off=False)
    check_bench_error(found, "state", "does not get ready")
    assert "methane open" in found.out


def other_device(ask: Ask, board: str, serial: str, folder: Path) -> None:
    """Somebody puts another one into the fixture."""
    spec = load_board("virtual")
    made = make_unit(folder, serial, spec, nominal(spec))
    assert made.known.nvs is not None
    ask({"do": "flash", "image": pack(build_program(load_board(board)).littlefs), "nvs": pack(made.known.nvs)})


def test_another_device_in_the_fixture_is_noticed_before_the_next_test(
    bench: Path, records: Path, tmp_path: Path
) -> None:
    found = meddled(bench, records, lambda ask: other_device(ask, "virtual", "OTHER-7", tmp_path), after_ms=0)
    check_bench_error(found, "device", "holds 88.118.8/OTHER-7, not 88.118.8/VIRTUAL-1")


def test_another_board_in_the_fixture_is_noticed(bench: Path, records: Path, tmp_path: Path) -> None:
    text = (BOARDS / "virtual" / "board.toml").read_text()
    other = tmp_path / "other.toml"
    other.write_text(text.replace('name = "virtual"', 'name = "other"', 1))
    found = meddled(bench, records, lambda ask: other_device(ask, str(other), "VIRTUAL-1", tmp_path), after_ms=0)
    check_bench_error(found, "device", "holds a board other, not virtual")


def test_a_bench_with_another_board_than_its_file_says_is_refused_and_leaves_no_record(
    bench: Path, records: Path, tmp_path: Path
) -> None:
    file = tmp_path / "other.yaml"
    file.write_text(bench.read_text().replace("board: virtual", "board: devkit_mq"))
    found = run(records, "--bench", file, *SELECT, "--junit", tmp_path / "j.xml")
    assert found.status == 3
    assert "BENCH ERROR" in found.out
    assert "the fixture: holds a board virtual, not devkit_mq" in found.out
    assert found.records == []
    assert 'name="cause" value="device"' in (tmp_path / "j.xml").read_text()


# The bench itself


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        (
            {"do": "part", "what": "dac", "reference_uv": 2_150_400},
            {"do": "part", "what": "dac", "reference_uv": 2_048_000},
            "bench_methane_loop_at_1200_mV",
        ),
        (
            {"do": "wrong", "what": "supply", "uv": 4_500_000},
            {"do": "wrong", "what": "supply", "uv": 5_000_000},
            "bench_supply 4.5",
        ),
        (
            {"do": "wrong", "what": "relay", "sticks": True},
            {"do": "wrong", "what": "relay", "sticks": False},
            "bench_supply_off",
        ),
    ],
    ids=["dac-5-percent-off", "supply-of-4.5-V", "relay-sticks"],
)
def test_a_bench_that_measures_wrong_judges_no_device(
    wrong: dict[str, Any], right: dict[str, Any], said: str, bench: Path, records: Path, tmp_path: Path
) -> None:
    tell(bench, **wrong)
    found = run(records, "--bench", bench, *SELECT, "--junit", tmp_path / "j.xml")
    tell(bench, **right)
    check_bench_error(found, "self_check", said, tmp_path / "j.xml")
    assert names(found.records[0]) == ["bench self-check"]


def test_a_disk_that_is_full_in_a_test_is_an_error_with_nothing_half_written(bench: Path, records: Path) -> None:
    """The limit on a file's size stands for the disk: it needs no rights."""

    def fill(_: Ask) -> None:
        for each in processes_of("davy.bench.plugin"):
            if str(records) in Path(f"/proc/{each}/cmdline").read_text():
                resource.prlimit(each, resource.RLIMIT_FSIZE, (2_000, resource.RLIM_INFINITY))

    found = meddled(bench, records, fill)
    assert found.status == 3, found.said
    assert verdicts(found.out) == {"VIRTUAL-1": "BENCH ERROR"}
    assert "  record: " in found.out
    assert "File too large" in found.out
    left = [path.relative_to(records).as_posix() for path in records.rglob("*") if path.is_file()]
    assert left == ["live/emulated-1.json"]
    assert found.live["state"] == "running"  # as it was when it could last be written
