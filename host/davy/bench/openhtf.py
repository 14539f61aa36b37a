"""A run as a document in the shape of OpenHTF's test records, and back.

The keys are those of OpenHTF 1.x (openhtf/core/test_record.py and measurements.py, as_base_types; attachments inline as its
OutputToJSON writes them), so that what reads its records reads these. Keys of ours beside them: `seconds`, `why` and
`limits`; record.schema.json describes the whole. What a run lacks (branches, diagnoses, log records) is there and empty.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from davy.bench.measuring import marginal_band
from davy.bench.results import Measurement, Outcome, Phase, RunResult, Waveform
from davy.bench.units_of_measure import descriptor, unit_of

RECORD_SCHEMA = 1
#: OpenHTF has PASS, FAIL, ERROR, TIMEOUT and ABORTED for a test; a run in which all was skipped gave no verdict.
_OF_RUN: dict[Outcome, str] = {"pass": "PASS", "marginal": "PASS", "fail": "FAIL", "error": "ERROR", "skip": "ABORTED"}
_OF_PHASE: dict[Outcome, str] = {**_OF_RUN, "skip": "SKIP"}
_WAVEFORM_TYPE = "application/json"


def to_record(run: RunResult) -> dict[str, Any]:
    """The document, of JSON's types alone."""
    return {
        "dut_id": run.serial,
        "station_id": run.bench,
        "start_time_millis": run.started_ms,
        "end_time_millis": run.ended_ms,
        "outcome": _OF_RUN[run.outcome],
        "outcome_details": _details(run),
        "marginal": run.outcome == "marginal",
        "metadata": {**run.about, "record_schema": RECORD_SCHEMA, "test_name": "davy bench", "operator": run.operator},
        "code_info": {"name": "davy bench", "docstring": None, "sourcecode": ""},
        "phases": [_phase(number, phase) for number, phase in enumerate(run.phases)],
        "subtests": [],
        "branches": [],
        "checkpoints": [],
        "diagnosers": [],
        "diagnoses": [],
        "log_records": [],
        "why": run.why,
        "cause": run.cause,
    }


def to_bytes(run: RunResult) -> bytes:
    """The document as UTF-8 text; the same run gives the same bytes."""
    text = json.dumps(to_record(run), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    return text.encode(errors="backslashreplace")  # half of a surrogate pair, as JSON escapes it


def from_record(record: dict[str, Any]) -> RunResult:
    """The run of such a document. Raises KeyError, TypeError or ValueError when it is none of ours."""
    about = dict(record["metadata"])
    if about.pop("record_schema") != RECORD_SCHEMA:
        raise ValueError("a record of another version of davy")
    operator = about.pop("operator")
    about.pop("test_name")
    return RunResult(
        record["dut_id"],
        record["station_id"],
        operator,
        record["start_time_millis"],
        record["end_time_millis"],
        _outcome(record["outcome"], record["marginal"]),
        record["why"],
        record["cause"],
        [_phase_of(phase) for phase in record["phases"]],
        about,
    )


def validator(measurement: Measurement) -> str:
    """The limits as OpenHTF's in_range prints them: `0 <= x <= 1000`, `x == 5`, `x <= Marginal:800.0 <= 1000`."""
    low, high = measurement.low, measurement.high
    if low is not None and low == high:
        return f"x == {low}"
    inner_low, inner_high = marginal_band(low, high, measurement.marginal)
    terms = [str(low)] if low is not None else []
    terms += [f"Marginal:{inner_low}"] if inner_low is not None else []
    terms += ["x"]
    terms += [f"Marginal:{inner_high}"] if inner_high is not None else []
    terms += [str(high)] if high is not None else []
    return " <= ".join(terms)


def _outcome(word: str, marginal: bool) -> Outcome:
    if word == "PASS":
        return "marginal" if marginal else "pass"
    known: dict[str, Outcome] = {"FAIL": "fail", "ERROR": "error", "ABORTED": "skip", "SKIP": "skip"}
    return known[word]


def _details(run: RunResult) -> list[dict[str, str]]:
    details = []
    if run.outcome == "error":
        details.append({"code": f"BENCH_{(run.cause or 'unknown').upper()}", "description": run.why})
    elif run.why:
        details.append({"code": _OF_RUN[run.outcome], "description": run.why})
    for phase in run.phases:
        if phase.outcome in ("fail", "error"):
            said = [phase.why] if phase.why else []
            said += [
                f"{each.name} = {each.value} {each.unit}, not {validator(each)}"
                for each in phase.measurements
                if each.verdict == "fail"
            ]
            details.append({"code": phase.name, "description": "; ".join(said)})
    return details


def _phase(number: int, phase: Phase) -> dict[str, Any]:
    measurements: dict[str, Any] = {}
    for each in phase.measurements:
        measurements[_free(each.name, measurements)] = _measurement(each)
    attachments: dict[str, Any] = {}
    for course in phase.waveforms:
        attachments[_free(course.name, attachments)] = _attachment(course)
    return {
        "name": phase.name,
        "descriptor_id": number,
        "codeinfo": {"name": phase.name, "docstring": None, "sourcecode": ""},
        "start_time_millis": phase.started_ms,
        "end_time_millis": phase.ended_ms,
        "outcome": _OF_PHASE[phase.outcome],
        "result": {"skip": "SKIP", "error": "STOP"}.get(phase.outcome, "CONTINUE"),
        "marginal": phase.outcome == "marginal",
        "measurements": measurements,
        "attachments": attachments,
        "options": None,
        "subtest_name": None,
        "diagnosers": [],
        "diagnosis_results": [],
        "failure_diagnosis_results": [],
        "seconds": phase.seconds,
        "why": phase.why,
    }


def _free(name: str, taken: dict[str, Any]) -> str:
    """A key of its own for what was measured more than once in a phase: `name`, `name (2)`, ..."""
    key, count = name, 1
    while key in taken:
        count += 1
        key = f"{name} ({count})"
    return key


def _measurement(each: Measurement) -> dict[str, Any]:
    return {
        "name": each.name,
        "outcome": "FAIL" if each.verdict == "fail" else "PASS",
        "marginal": each.verdict == "marginal",
        "measured_value": each.value,
        "units": descriptor(each.unit),
        "validators": [validator(each)],
        "limits": {"low": each.low, "high": each.high, "marginal": each.marginal},
    }


def _attachment(course: Waveform) -> dict[str, Any]:
    content = {
        "name": course.name,
        "unit": course.unit,
        "t_ms": list(course.t_ms),
        "values": list(course.values),
        "steps": course.steps,
    }
    data = json.dumps(content, allow_nan=False).encode()
    return {
        "mimetype": _WAVEFORM_TYPE,
        "sha1": hashlib.sha1(data, usedforsecurity=False).hexdigest(),
        "data": base64.standard_b64encode(data).decode("ascii"),
    }


def _phase_of(found: dict[str, Any]) -> Phase:
    return Phase(
        found["name"],
        found["start_time_millis"],
        found["end_time_millis"],
        found["seconds"],
        _outcome(found["outcome"], found["marginal"]),
        found["why"],
        [_measurement_of(each) for each in found["measurements"].values()],
        [_waveform_of(each) for each in found["attachments"].values() if each["mimetype"] == _WAVEFORM_TYPE],
    )


def _measurement_of(found: dict[str, Any]) -> Measurement:
    limits = found["limits"]
    return Measurement(
        found["name"],
        found["measured_value"],
        unit_of(found["units"]),
        limits["low"],
        limits["high"],
        limits["marginal"],
        "fail" if found["outcome"] == "FAIL" else "marginal" if found["marginal"] else "pass",
    )


def _waveform_of(found: dict[str, Any]) -> Waveform:
    content = json.loads(base64.standard_b64decode(found["data"]))
    return Waveform(
        content["name"], content["unit"], tuple(content["t_ms"]), tuple(content["values"]), content["steps"]
    )
