"""What a bench shows while it runs, for whoever looks; and its measurements as JUnit properties."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path
from typing import Any

from davy.bench.junit import phase_properties, run_properties
from davy.bench.measuring import judge
from davy.bench.results import Phase
from support.bench_runs import (
    HOSTILE,
    START_MS,
    Clocks,
    new_recorder,
    new_run,
)


def live(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "live" / "bench_1.json").read_bytes())
    return found


def test_the_live_file_shows_the_running_test_and_how_it_ended(tmp_path: Path) -> None:
    clocks = Clocks()
    kept_by = new_recorder(tmp_path, clocks=clocks, planned=2)
    assert (live(tmp_path)["state"], live(tmp_path)["phase"], live(tmp_path)["planned"]) == ("running", None, 2)
    kept_by.begin("valve closes")
    clocks.move(1)
    kept_by.measure("valve_close_time", 950, "ms", 0, 1000, 0.8)
    shown = live(tmp_path)
    assert shown["phase"]["name"] == "valve closes"
    assert shown["phase"]["seconds"] == 1
    assert shown["phase"]["measurements"] == [
        {
            "name": "valve_close_time",
            "value": 950,
            "unit": "ms",
            "low": 0,
            "high": 1000,
            "marginal": 0.8,
            "verdict": "marginal",
        }
    ]
    assert shown["heartbeat_ms"] == START_MS + 1000
    kept_by.end("pass")
    assert live(tmp_path)["last"][-1]["outcome"] == "marginal"
    assert live(tmp_path)["counts"]["marginal"] == 1
    path = kept_by.finish("pass")
    ended = live(tmp_path)
    assert (ended["state"], ended["outcome"], ended["phase"]) == ("ended", "marginal", None)
    assert tmp_path / ended["record"] == path
    assert (tmp_path / ended["report"]).is_file()


def test_the_live_file_is_written_at_most_twice_a_second(tmp_path: Path) -> None:
    clocks = Clocks()
    kept_by = new_recorder(tmp_path, clocks=clocks)
    kept_by.begin("many")
    shown = set()
    for number in range(1_000):
        clocks.move(0.01)
        kept_by.measure("m", number, "1", 0)
        shown.add(live(tmp_path)["heartbeat_ms"])
    assert 19 <= len(shown) <= 21  # ten seconds
    clocks.wall_s -= 3600  # a clock that is set back stops nothing
    kept_by.beat()
    assert live(tmp_path)["heartbeat_ms"] == int(clocks.wall_s * 1000)


def test_the_live_file_lists_the_last_twenty(tmp_path: Path) -> None:
    kept_by = new_recorder(tmp_path)
    for number in range(30):
        kept_by.begin(f"test {number}")
        kept_by.end("pass")
    assert [each["name"] for each in live(tmp_path)["last"]] == [f"test {number}" for number in range(10, 30)]
    assert live(tmp_path)["counts"]["pass"] == 30


def test_measurements_are_junit_properties_that_a_parser_reads_back(tmp_path: Path) -> None:
    phase = Phase("valve closes", START_MS)
    phase.measurements = [judge("valve_close_time", 812.5, "ms", 0, 1000, 0.8), judge(HOSTILE, None, "V", low=1)]
    (tmp_path / "test_it.py").write_text(
        "import json, pathlib\n"
        "def test_it(record_property):\n"
        "    for name, text in json.loads(pathlib.Path(__file__).with_name('properties.json').read_text()):\n"
        "        record_property(name, text)\n"
    )
    (tmp_path / "properties.json").write_text(json.dumps(phase_properties(phase)))
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:davy",
            "-p",
            "no:cacheprovider",
            "--junitxml=out.xml",
            "test_it.py",
        ],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        timeout=60,
    )
    found = {each.get("name"): each.get("value") for each in ElementTree.parse(tmp_path / "out.xml").iter("property")}
    assert found["valve_close_time"] == "812.5"
    assert found["valve_close_time.unit"] == "ms"
    assert found["valve_close_time.limits"] == "0 <= Marginal:100.0 <= x <= Marginal:900.0 <= 1000"
    assert found["valve_close_time.verdict"] == "pass"
    assert (found[HOSTILE], found[f"{HOSTILE}.verdict"]) == ("", "fail")


def test_a_suites_properties_name_device_bench_and_versions() -> None:
    run = replace(new_run(about={"software": {"davy": "0.1.0"}, "seed": None}), outcome="error", cause="rig")
    found = dict(run_properties(run))
    assert found["serial"] == "GA26000001"
    assert found["about.software.davy"] == "0.1.0"
    assert (found["outcome"], found["cause"], found["about.seed"]) == ("error", "rig", "")
