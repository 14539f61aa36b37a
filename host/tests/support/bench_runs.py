"""Runs of a bench for tests of what is kept of them: plain ones, hostile ones, a recorder with clocks of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import typer

from davy.bench.recorder import Recorder
from davy.bench.results import Outcome, RunResult
from davy.cli.bench_history_command import history as history_command
from davy.cli.bench_history_command import trend as trend_command

START_MS = 1_764_107_320_000  # 2025-11-25T21:48:40Z
HOSTILE = "<script>alert(1)</script>\"'&<img src=x onerror=alert(2)>{{ 7*7 }}]]>\u202e"


@dataclass
class Clocks:
    """Unix time and the bench's own clock, both moved by hand."""

    wall_s: float = START_MS / 1000
    bench_s: float = 0.0

    def wall(self) -> float:
        return self.wall_s

    def bench(self) -> float:
        return self.bench_s

    def move(self, seconds: float) -> None:
        self.wall_s += seconds
        self.bench_s += seconds


def new_run(
    serial: str = "GA26000001",
    bench: str = "bench_1",
    clocks: Clocks | None = None,
    about: dict[str, Any] | None = None,
) -> RunResult:
    return RunResult(serial, bench, "Ann", int((clocks or Clocks()).wall_s * 1000), about=about or {})


def new_recorder(folder: Path, run: RunResult | None = None, clocks: Clocks | None = None, **options: Any) -> Recorder:
    clocks = clocks or Clocks()
    return Recorder(folder, run or new_run(clocks=clocks), clocks.bench, wall_now_s=clocks.wall, **options)


def record_one(
    folder: Path,
    serial: str = "GA26000001",
    value: float | None = 250.0,
    *,
    clocks: Clocks | None = None,
    bench: str = "bench_1",
    outcome: Outcome = "pass",
    phase: str = "valve closes",
    name: str = "valve_close_time",
    unit: str = "ms",
    low: float | None = 0,
    high: float | None = 1000,
) -> Path:
    """A finished run of one test with one measurement; the clocks go on by a minute."""
    clocks = clocks or Clocks()
    recorder = new_recorder(folder, new_run(serial, bench, clocks), clocks)
    recorder.begin(phase)
    recorder.measure(name, value, unit, low, high, 0.8)
    recorder.end(outcome)
    clocks.move(60)
    return recorder.finish(
        outcome, cause="rig" if outcome == "error" else "", why="it is gone" if outcome == "error" else ""
    )


def checked_record(path: Path) -> dict[str, Any]:
    """The document of a record that fits the schema. Raises jsonschema.ValidationError."""
    record: dict[str, Any] = json.loads(path.read_bytes())
    check_record(record)
    return record


def check_record(record: dict[str, Any]) -> None:
    schema = json.loads(resources.files("davy.bench").joinpath("record.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(record)


def bench(*arguments: str) -> int:
    """`davy bench history` or `trend`: the exit status. Raises what main prints in a line."""
    app = typer.Typer()
    app.command("history")(history_command)
    app.command("trend")(trend_command)
    return int(app([*arguments], standalone_mode=False))
