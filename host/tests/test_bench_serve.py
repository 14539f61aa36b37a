"""The station's page: what stands on it without a script, of benches, of the last units and of one serial number."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import httpx
import pytest

from davy.bench.serve.tiles import OLD_AFTER_MS, SILENT_AFTER_MS
from davy.bench.serve.words import clock_words, name_words
from support.bench_pages import NOON_S, board, serving, standing, tile, words
from support.bench_records import Run

EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&{{7*7}}"


@pytest.fixture
def records(tmp_path: Path) -> Path:
    made = tmp_path / "records"
    made.mkdir()
    return made


def test_each_bench_is_a_tile_with_its_verdict_in_words_and_what_it_measured(records: Path) -> None:
    running = Run(records, "bench 1", "GA1", planned=12).measured("test_it_boots", 100.0)
    running.recorder.begin("test_the_valve_closes[12 V]")
    Run(records, "bench 2", "GA2").measured("test_the_valve_closes", 1_400.0).finish("fail", "the valve is slow")
    Run(records, "bench 3", "GA3").measured("test_the_valve_closes", 300.0).finish()
    Run(records, "bench 4", "GA4").measured("test_the_valve_closes", 990.0).finish()
    page = board(records)
    assert tile(page, "bench 1").startswith("▶ TESTING nothing failed so far GA1 bench 1 · Ada 1 of 12 ✓ 1 passed")
    assert "Now the valve closes [12 V] for" in tile(page, "bench 1")
    assert tile(page, "bench 2").startswith("✗ FAIL 1 failed, ended ")
    assert "the valve is slow" in tile(page, "bench 2")
    assert "✗ the valve closes valve close time ✗ 1400 ms fail 0 .. 1000 ms" in tile(page, "bench 2")
    assert tile(page, "bench 3").startswith("✓ PASS ended ")
    assert tile(page, "bench 4").startswith("! PASS, marginal close to a limit, ended ")
    counts = dict(re.findall(r'data-count="(\w+)" data-some="\w+"><dt>[^<]*</dt><dd>(\d+)', page))
    assert counts == {"benches": "4", "running": "1", "failed": "1", "errors": "0", "silent": "0"}


def test_what_is_measured_now_stands_with_its_limits_and_the_bar_says_where(records: Path) -> None:
    run = Run(records, "bench 1", "GA1", wall_now_s=lambda: NOON_S)
    run.recorder.begin("test_currents")
    for name, value in (("in_the_middle", 500.0), ("too_much", 9_000.0), ("nothing", None)):
        run.recorder.measure(name, value, "mA", 0.0, 1_000.0, 0.8)
    run.show()
    page = board(records, NOON_S)
    assert "in the middle ✓ 500 mA" in tile(page, "bench 1")
    assert "too much ✗ 9000 mA" in tile(page, "bench 1")
    assert "nothing ✗ no reading" in tile(page, "bench 1")
    bars = re.findall(r'<svg class="limits".*?</svg>', page)
    assert ['class="mark" x="49.5"' in bar for bar in bars] == [True, False, False]
    assert ['<path class="mark" d="M96.5' in bar for bar in bars] == [False, True, False]
    assert ['class="mark"' in bar for bar in bars] == [True, True, False]


def test_a_bench_error_names_cause_and_next_step_and_is_no_verdict_on_the_device(records: Path) -> None:
    run = Run(records, "bench 1", "GA1").ended("test_it_boots").ended("test_alarm", "error", "the rig fell silent")
    run.finish("error", "rig ttyUSB1: does not answer", "rig")
    said = tile(board(records), "bench 1")
    assert said.startswith("⚠ BENCH ERROR no verdict on the device, ended ")
    assert "rig: rig ttyUSB1: does not answer Next: look at the rig's cable and supply" in said
    assert "says nothing about the device" in said
    assert "FAIL" not in said and "Failed" not in said


@pytest.mark.parametrize("late_ms", [0, 1])
def test_a_run_that_is_silent_for_too_long_is_told_since_when(records: Path, late_ms: int) -> None:
    run = Run(records, "bench 1", "GA1", wall_now_s=lambda: NOON_S)
    run.recorder.begin("test_alarm")
    now_s = NOON_S + (SILENT_AFTER_MS + late_ms) / 1000
    said = tile(board(records, now_s), "bench 1")
    silent = f"… NO SIGN OF LIFE since {clock_words(int(NOON_S * 1000), int(now_s * 1000))} GA1"
    assert said.startswith(silent) == bool(late_ms)
    assert ("nothing failed so far" in said) != bool(late_ms)
    assert ("says nothing about the device" in said) == bool(late_ms)


@pytest.mark.parametrize("late_ms", [0, 1])
def test_a_run_that_ended_is_never_silent_but_old_after_a_shift(records: Path, late_ms: int) -> None:
    Run(records, "bench 1", "GA1", wall_now_s=lambda: NOON_S).ended("test_alarm").finish()
    now_s = NOON_S + (OLD_AFTER_MS + late_ms) / 1000
    page = board(records, now_s)
    ended = clock_words(int(NOON_S * 1000), int(now_s * 1000))
    assert tile(page, "bench 1").startswith(f"✓ PASS ended {ended} GA1")
    assert ("data-old" in page) == bool(late_ms)
    assert re.fullmatch(r"2026-\d\d-\d\d \d\d:\d\d", clock_words(int(NOON_S * 1000), int((NOON_S + 1e6) * 1000)))


DEEP = "[" * 100_000
LIVE = {"bench": "b", "serial": "s", "state": "running", "heartbeat_ms": 1, "counts": {}, "last": []}
NO_LIMIT = {"name": "m", "value": 1, "unit": "V", "verdict": "pass"}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{nonsense",
        "[]",
        "{}",
        DEEP,
        json.dumps(LIVE | {"state": "dreaming"}),
        json.dumps(LIVE | {"bench": ["b"]}),
        json.dumps(LIVE | {"heartbeat_ms": "now"}),
        json.dumps(LIVE | {"phase": {"name": "p", "measurements": [NO_LIMIT]}}),
        json.dumps(LIVE | {"phase": {"name": "p", "seconds": float("nan")}}),
        json.dumps(LIVE | {"why": "x" * 1_100_000}),
        b"\xff\xfe\x00",
    ],
    ids=lambda content: str(content[:24]),
)
def test_a_live_file_that_cannot_be_read_is_told_and_hides_no_other_bench(records: Path, content: str | bytes) -> None:
    Run(records, "bench 2", "GA2").ended("test_it_boots").finish()
    data = content if isinstance(content, bytes) else content.encode()
    (records / "live" / "bench%201.json").write_bytes(data)
    page = board(records)
    assert tile(page, "bench 1").startswith("? NOT READABLE")
    assert tile(page, "bench 2").startswith("✓ PASS")


def test_a_newer_live_file_that_says_more_is_read_all_the_same(records: Path) -> None:
    (records / "live").mkdir()
    (records / "live" / "b.json").write_text(json.dumps(LIVE | {"schema": 9, "mood": "good", "counts": {"odd": 3}}))
    assert tile(board(records, 1.0), "b").startswith("▶ TESTING")


def test_benches_keep_their_places_the_second_before_the_tenth(records: Path) -> None:
    for number in (10, 2, 1):
        Run(records, f"bench {number}", "GA1")
    Run(records, "Anna", "GA1").recorder.begin("test_it_boots")
    page = board(records)
    assert re.findall(r'aria-label="Bench ([^"]*)"', page) == ["Anna", "bench 1", "bench 2", "bench 10"]


def test_names_of_tests_become_sentences() -> None:
    assert (
        name_words("hil_tests/test_valve.py::TestValve::test_the_valve_closes[12 V_a]") == "the valve closes [12 V_a]"
    )
    assert name_words("valve_close_time") == "valve close time"
    assert name_words("test_") == "test_", "nothing is left without a name"


def test_whatever_a_bench_or_a_record_says_is_text(records: Path) -> None:
    run = Run(records, EVIL, EVIL, operator=EVIL).ended(EVIL, "fail", EVIL)
    run.measured(EVIL, 2_000.0, unit=EVIL, name=EVIL)
    run.finish("error", EVIL, "rig")
    page = board(records)
    assert page.count("&lt;script&gt;alert(1)") >= 8
    assert EVIL in words(page)
    assert "<script" not in page and "<img src=x" not in page
    with serving(records) as server:
        found = httpx.get(f"{server.url}/history", params={"serial": EVIL}).text
        assert EVIL in words(found)
        assert "<script>alert" not in found and "<img src=x" not in found
        none = httpx.get(f"{server.url}/history", params={"serial": "<script>"}).text
    assert "Alike" in none and "<script>" not in none


def test_the_last_units_are_told_the_newest_first_and_their_reports_are_served(records: Path) -> None:
    for number in range(15):
        at_s = NOON_S + number * 60
        run = Run(records, "bench 1", f"GA{number}", wall_now_s=standing(at_s)).ended("test_it_boots")
        run.finish()
    record = Run(records, "bench 1", "GA99", wall_now_s=lambda: NOON_S + 3_600).measured("test_valve", 1_400.0).finish()
    with serving(records) as server:
        page = httpx.get(server.url).text
        rows = re.findall(r"<tr id=.*?</tr>", page, re.DOTALL)
        assert len(rows) == 12, "a short list"
        assert words(rows[0]).startswith("✗ FAIL GA99 bench 1")
        assert words(rows[1]).startswith("✓ PASS GA14 bench 1")
        links = re.findall(r'href="(/report/[^"]*)"', page)
        assert links[0] == links[1], "the bench's tile and the list lead to one report"
        answer = httpx.get(server.url + links[0])
    assert answer.content == record.with_suffix(".html").read_bytes()
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "sandbox;" in policy and "script" not in policy


def test_a_serial_number_is_found_whole_or_offered_by_a_part_of_it(records: Path) -> None:
    for number, serial in enumerate(("GA26000124", "GA26000124", "GA26000125", "100%_X")):
        at_s = NOON_S + number
        Run(records, "bench 1", serial, wall_now_s=standing(at_s)).ended("test_it_boots").finish()
    with serving(records) as server:

        def found(serial: str) -> str:
            return words(httpx.get(f"{server.url}/history", params={"serial": serial}).text)

        assert found("GA26000124").count("GA26000124 bench") == 2
        assert "No record of this serial number. Alike: GA26000125 GA26000124" in found("2600012")
        assert "Alike: 100%_X" in found("%_")
        assert "Alike" not in found("_6"), "a wildcard of the database is a character here"
        refused = httpx.get(f"{server.url}/history", params={"serial": "x" * 201})
        assert refused.status_code == 422
        assert refused.json() == {"error": "serial: string should have at most 200 characters."}
        assert "<p>" in httpx.get(f"{server.url}/nowhere", headers={"Accept": "text/html"}).text


def test_a_record_that_was_changed_or_lost_is_told_in_the_history(records: Path) -> None:
    changed = Run(records, "bench 1", "GA1").ended("test_it_boots").finish()
    lost = Run(records, "bench 1", "GA2").ended("test_it_boots").finish()
    changed.chmod(0o644)
    changed.write_text(changed.read_text().replace("GA1", "GA7"))
    lost.unlink()
    lost.with_suffix(".html").unlink()
    page = board(records)
    assert "the record's file was changed since" in words(page)
    row = re.findall(r"<tr id=.*?</tr>", page, re.DOTALL)
    assert ["/report/" in each for each in row] == [False, True]
    assert "the record's file is gone" in words(row[0])


def test_without_history_or_records_the_page_says_so_and_shows_what_there_is(records: Path) -> None:
    page = words(board(records))
    assert "No bench has run yet" in page and "No unit has been tested yet" in page
    Run(records, "bench 1", "GA1").ended("test_it_boots")
    (records / "history.sqlite").write_bytes(b"no database at all" * 1_000)
    page = board(records)
    assert "The history cannot be read: is no history of davy bench" in words(page)
    assert tile(page, "bench 1").startswith("▶ TESTING")
    with serving(records) as server:
        answer = httpx.get(f"{server.url}/history?serial=GA1")
        assert answer.status_code == 503
        assert answer.json()["error"].startswith("The history cannot be read")
        shutil.rmtree(records)
        assert "The folder of records is gone" in words(httpx.get(server.url).text)
