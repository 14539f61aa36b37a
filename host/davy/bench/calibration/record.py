"""The record of a calibration: RECORDS/<serial>/calibration/<start UTC>-<gas>-<id>.json, written once and never again."""

from __future__ import annotations

import datetime
import errno
import json
import os
import secrets
from pathlib import Path
from typing import Any

from davy.bench.about import about_run
from davy.bench.calibration.guide import VERIFY_TOLERANCE, Course, Job
from davy.bench.calibration.two_point import Point, TwoPoint
from davy.bench.record_file import beside, kept, put_in_place, record_stem, safe_name

SCHEMA = 1
FOLDER = "calibration"
_MODE = 0o444


def record_of(
    course: Course, job: Job, serial: str, about: dict[str, Any], started: datetime.datetime, ended: datetime.datetime
) -> dict[str, Any]:
    """Plain data. `about`: operator, certificate, instrument, whether it was a rehearsal, as the person gave it."""
    result = course.result
    return {
        "schema": SCHEMA,
        "kind": "calibration",
        "serial": serial,
        "identifier": course.identifier,
        "gas": job.sensing.gas,
        "part": job.sensing.part,
        "started": started.isoformat(timespec="milliseconds"),
        "ended": ended.isoformat(timespec="milliseconds"),
        "outcome": course.outcome,
        "why": course.why,
        "stored": course.stored,
        "put_back": course.put_back,
        "span_gas": {"ppm": job.span_ppm, "tolerance": job.tolerance, "certificate": about.pop("certificate", "")},
        "before": {"value": course.before, "made": course.day_before.isoformat() if course.day_before else None},
        "after": {"key": job.sensing.key, "value": course.in_force, "calibration_days": course.calibration_days},
        "result": None if result is None else _result(result),
        "verified": {"ppm": course.verified_ppm, "expected_ppm": course.expected_ppm, "tolerance": VERIFY_TOLERANCE},
        "points": [_point(point) for point in course.points],
        "series": [
            {"gas": gas, "t_s": [t_s for t_s, _ in points], "uv": [uv for _, uv in points]}
            for gas, points in course.series
        ],
        "about": {**about_run(course.firmware), **about},
    }


def prepare(records: Path, serial: str) -> Path:
    """The folder of a unit's calibrations, made. Raises BenchError (cause `record`) before any gas is used."""
    folder = records / safe_name(serial) / FOLDER
    with kept(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return folder


def write_record(records: Path, record: dict[str, Any]) -> Path:
    """The file. Raises BenchError (cause `record`) when it cannot be written; none is ever overwritten."""
    started = datetime.datetime.fromisoformat(record["started"])
    stem = record_stem(round(started.timestamp() * 1000), record["gas"], secrets.token_hex(4))
    path = prepare(records, record["serial"]) / f"{stem}.json"
    content = (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode()
    with kept(path), beside(path, content, _MODE) as waiting:
        put_in_place(waiting, path)
    return path


def _result(result: TwoPoint) -> dict[str, Any]:
    return {
        "key": result.key,
        "value": result.value,
        "standard_uncertainty": result.standard,
        "expanded_uncertainty": result.expanded,
        "coverage_factor": 2,
        "budget": [{"part": part.name, "kind": part.kind, "standard": part.standard} for part in result.parts],
        "answer": result.answer,
        "answer_expected": result.answer_expected,
        "clean_drift": result.clean_drift,
        "span_drift": result.span_drift,
    }


def _point(point: Point) -> dict[str, Any]:
    return {
        "gas": point.gas,
        "at_s": point.at_s,
        "uv": point.uv,
        "signal": point.seen.mean,
        "slope_per_min": point.seen.slope,
        "spread": point.seen.spread,
        "count": point.seen.count,
        "seconds": point.seen.seconds,
        "temperature_degc": point.climate.degc,
        "humidity_percent": point.climate.rh_percent,
    }
