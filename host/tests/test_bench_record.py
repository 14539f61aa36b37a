"""A run's record: in OpenHTF's shape, true to itself, with what was tested with what by whom."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from davy.bench.about import about_run
from davy.bench.measuring import judge
from davy.bench.openhtf import from_record, to_bytes, to_record
from davy.bench.results import Measurement, Phase, RunResult, Waveform
from davy.bench.rig import RigAbout
from davy.bench.waveforms import waveform
from davy.image.checkout import commit_of
from davy.paths import ROOT
from support.bench_runs import (
    START_MS,
    Clocks,
    check_record,
    checked_record,
    new_recorder,
    new_run,
)

TEXT = st.text(max_size=12)
NAME = st.text(min_size=1, max_size=12).filter(str.strip)
NUMBER = st.one_of(st.integers(-(10**12), 10**12), st.floats(allow_nan=False, allow_infinity=False))


@st.composite
def measurements(draw: st.DrawFn) -> Measurement:
    low, high = sorted((draw(NUMBER), draw(NUMBER)))
    sides = draw(st.sampled_from([(low, high), (low, None), (None, high)]))
    band = draw(st.none() | st.floats(0, 1))
    return judge(draw(NAME), draw(st.none() | NUMBER), draw(st.sampled_from(["1", "ms", "%LEL", "°C"])), *sides, band)


@st.composite
def runs(draw: st.DrawFn) -> RunResult:
    found = new_run(draw(TEXT), draw(NAME), about={"nested": {"a": [1, None, draw(TEXT)]}, **about_run()})
    for _ in range(draw(st.integers(0, 3))):
        phase = Phase(draw(NAME), START_MS, START_MS + 5, draw(st.floats(0, 1e6)), "pass", draw(TEXT))
        phase.measurements = draw(st.lists(measurements(), max_size=3))
        t_ms = sorted(draw(st.lists(NUMBER, max_size=4)))
        phase.waveforms = [waveform(draw(NAME), "V", t_ms, t_ms, draw(st.booleans()))]
        phase.outcome = "fail" if any(each.verdict == "fail" for each in phase.measurements) else "pass"
        found.phases.append(phase)
    found.outcome = "fail" if any(each.outcome == "fail" for each in found.phases) else "pass"
    found.operator = draw(TEXT)
    return found


@given(runs())
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_record_fits_its_schema_and_gives_the_same_run_again(run: RunResult) -> None:
    content = to_bytes(run)
    record = json.loads(content)
    check_record(record)
    assert from_record(record) == run
    assert to_bytes(from_record(record)) == content


def a_whole_run(folder: Path, clocks: Clocks) -> Path:
    rig = asdict(RigAbout("esp32", "0.1.0", "rig.toml", "2026-10-01"))
    about = {**about_run("0.1.0"), "image_sha256": "ab" * 32, "bench": rig, "seed": 7}
    kept_by = new_recorder(folder, new_run(clocks=clocks, about=about), clocks, planned=3)
    kept_by.begin("valve closes")
    kept_by.measure("valve_close_time", 950, "ms", 0, 1000, 0.8)
    kept_by.measure("coil_current", 213, "mA", low=150)
    kept_by.measure("coil_current", 180, "mA", low=200)
    kept_by.waveform("coil", "1", [0, 500], [1, 0], steps=True)
    clocks.move(1.5)
    kept_by.end("pass")
    kept_by.begin("climate")
    kept_by.end("skip", "this bench has no Climate")
    return kept_by.finish("pass")


def test_a_record_has_the_keys_and_words_of_openhtf(tmp_path: Path) -> None:
    record = checked_record(a_whole_run(tmp_path, Clocks()))
    assert (record["dut_id"], record["station_id"], record["outcome"]) == ("GA26000001", "bench_1", "FAIL")
    assert record["end_time_millis"] - record["start_time_millis"] == 1500
    assert record["outcome_details"] == [{"code": "valve closes", "description": "coil_current = 180 mA, not 200 <= x"}]
    first, second = record["phases"]
    assert (first["outcome"], first["result"], first["seconds"]) == ("FAIL", "CONTINUE", 1.5)
    assert (second["outcome"], second["result"], second["why"]) == ("SKIP", "SKIP", "this bench has no Climate")
    close_time = first["measurements"]["valve_close_time"]
    assert close_time["units"] == {"name": "millisecond", "code": "C26", "suffix": "ms"}
    assert (close_time["outcome"], close_time["marginal"], close_time["measured_value"]) == ("PASS", True, 950)
    assert close_time["validators"] == ["0 <= Marginal:100.0 <= x <= Marginal:900.0 <= 1000"]
    assert first["measurements"]["coil_current (2)"]["name"] == "coil_current"
    data = base64.b64decode(first["attachments"]["coil"]["data"])
    assert hashlib.sha1(data).hexdigest() == first["attachments"]["coil"]["sha1"]
    assert json.loads(data) == {"name": "coil", "unit": "1", "t_ms": [0, 500], "values": [1, 0], "steps": True}


def test_a_record_says_what_was_tested_with_what_by_whom(tmp_path: Path) -> None:
    metadata = checked_record(a_whole_run(tmp_path, Clocks()))["metadata"]
    commit, dirty = commit_of(ROOT, (".",))
    assert metadata["operator"] == "Ann"
    assert metadata["software"]["firmware"] == "0.1.0"
    assert metadata["software"]["python"] == sys.version.split()[0]
    assert metadata["image_sha256"] == "ab" * 32
    assert (metadata["git_commit"], metadata["git_dirty"], metadata["seed"]) == (commit, dirty if commit else None, 7)
    assert metadata["bench"] == {"kind": "esp32", "firmware": "0.1.0", "wiring": "rig.toml", "calibrated": "2026-10-01"}
    assert metadata["host"]


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("outcome",), "MAYBE"),
        (("outcome",), "PASS"),  # with a phase that failed
        (("cause",), "rig"),  # without an error
        (("dut_id",), None),
        (("phases", 0, "outcome"), "PASS"),  # with a measurement that failed
        (("phases", 0, "measurements", "valve_close_time", "measured_value"), None),  # and yet passed
        (("phases", 0, "measurements", "valve_close_time", "limits"), {"low": None, "high": None, "marginal": None}),
        (("phases", 0, "attachments", "coil", "sha1"), "x"),
        (("metadata", "record_schema"), 2),
        (("metadata", "git_commit"), "main"),
    ],
)
def test_the_schema_refuses_what_contradicts_itself(path: tuple[Any, ...], wrong: object, tmp_path: Path) -> None:
    record = json.loads(a_whole_run(tmp_path, Clocks()).read_bytes())
    check_record(record)
    place = record
    for key in path[:-1]:
        place = place[key]
    assert path[-1] in place or isinstance(place, list)
    place[path[-1]] = wrong
    with pytest.raises(jsonschema.ValidationError):
        check_record(record)


def test_a_pass_is_never_kept_beside_a_failed_measurement(tmp_path: Path) -> None:
    kept_by = new_recorder(tmp_path)
    kept_by.begin("valve closes")
    kept_by.measure("valve_close_time", 1200, "ms", 0, 1000)
    assert kept_by.end("pass").outcome == "fail"
    record = checked_record(kept_by.finish("pass"))
    assert record["outcome"] == "FAIL"


def test_a_run_in_which_nothing_was_tested_has_not_passed(tmp_path: Path) -> None:
    kept_by = new_recorder(tmp_path)
    kept_by.begin("climate")
    kept_by.end("skip", "no Climate")
    assert checked_record(kept_by.finish("pass"))["outcome"] == "ABORTED"


def test_an_error_of_the_bench_is_no_verdict_whatever_failed_before(tmp_path: Path) -> None:
    kept_by = new_recorder(tmp_path)
    kept_by.begin("valve closes")
    kept_by.measure("valve_close_time", 1200, "ms", 0, 1000)
    record = checked_record(kept_by.finish("error", "the rig does not answer; plug it in", "rig"))
    assert (record["outcome"], record["cause"]) == ("ERROR", "rig")
    assert record["outcome_details"][0] == {"code": "BENCH_RIG", "description": "the rig does not answer; plug it in"}
    assert record["phases"][0]["outcome"] == "ERROR"


def test_an_error_that_the_run_was_not_told_of_is_taken_from_its_phase(tmp_path: Path) -> None:
    kept_by = new_recorder(tmp_path)
    kept_by.begin("power")
    kept_by.end("error", "the relay does not answer")
    record = checked_record(kept_by.finish("pass"))
    assert record["outcome_details"][0] == {"code": "BENCH_UNKNOWN", "description": "the relay does not answer"}


@pytest.mark.parametrize("call", ["begin", "measure", "waveform", "end", "finish"])
def test_calls_out_of_their_order_are_mistakes_of_the_caller(call: str, tmp_path: Path) -> None:
    kept_by = new_recorder(tmp_path)
    calls: dict[str, Callable[[], object]] = {
        "begin": lambda: kept_by.begin("b"),
        "measure": lambda: kept_by.measure("m", 1, "V", 0),
        "waveform": lambda: kept_by.waveform("w", "V", [], []),
        "end": lambda: kept_by.end("pass"),
        "finish": lambda: kept_by.finish("pass"),
    }
    if call in ("measure", "waveform", "end"):
        with pytest.raises(ValueError, match="no phase runs"):
            calls[call]()
    if call == "begin":
        kept_by.begin("a")
        with pytest.raises(ValueError, match="begins while 'a' runs"):
            calls[call]()
    kept_by.finish("pass")
    with pytest.raises(ValueError, match="never changed"):
        calls[call]()


@pytest.mark.parametrize(
    ("t_ms", "values", "said"),
    [
        ([0, 1], [1], "2 times for 1 values"),
        ([0, 1], [1, float("nan")], "holds what is no finite number"),
        ([1, 0], [1, 1], "its time goes back"),
    ],
)
def test_a_waveform_that_is_none_is_refused_by_its_name(t_ms: list[float], values: list[float], said: str) -> None:
    with pytest.raises(ValueError, match=f"^waveform coil: {said}"):
        waveform("coil", "A", t_ms, values)


def test_a_record_of_another_version_is_told_from_ours() -> None:
    record = to_record(new_run(about=about_run()))
    record["metadata"]["record_schema"] = 2
    with pytest.raises(ValueError, match="another version"):
        from_record(record)
    assert Waveform("w", "V", (), ()) == waveform("w", "V", [], [])
    assert waveform("w", "", [], []).unit == "1"
