"""The bench's own check without any device to judge, for each of several benches."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from davy.bench.errors import BenchError
from davy.bench.options import BenchOptions, open_bench
from davy.bench.recorder import Recorder
from davy.bench.results import Measurement, RunResult
from davy.bench.selfcheck import check_bench
from davy.bench.words import limits_text, with_unit
from davy.errors import EXIT_DESK, EXIT_OK

#: Serial under which a bench's own checks are kept.
SELF = "BENCH"


def check_benches(files: Sequence[Path], records: Path, operator: str, say: Callable[[str], None]) -> int:
    """One after the other; a record each under RECORDS/BENCH-<name>. Raises InputError for a file that will not do."""
    status = EXIT_OK
    for number in range(max(1, len(files))):
        options = BenchOptions(
            records=records,
            summaries=records,
            operator=operator,
            bench_files=tuple(str(each) for each in files),
            number=number,
            checking=True,
        )
        try:
            _check(options, say)
        except BenchError as error:
            say(f"BENCH ERROR  {error}")
            status = EXIT_DESK
    return status


def _check(options: BenchOptions, say: Callable[[str], None]) -> None:
    bench = open_bench(options, say)
    try:
        about = bench.rig.about()
        run = RunResult(
            serial=f"{SELF}-{bench.name}",
            bench=bench.name,
            operator=options.operator,
            started_ms=time.time_ns() // 1_000_000,
            about={"bench": {**asdict(about), "calibrated": about.calibrated or bench.calibrated}},
        )
        recorder = Recorder(options.records, run, bench.clock.now_s, planned=1)
        recorder.begin("bench self-check")

        def take(
            name: str, value: float | None, unit: str, low: float | None, high: float | None, marginal: float | None
        ) -> Measurement:
            found = recorder.measure(name, value, unit, low, high, marginal)
            sign = "ok  " if found.verdict == "pass" else "FAIL"
            say(f"{sign}  {name}: {with_unit(value, unit)} ({limits_text(found)})")
            return found

        try:
            check_bench(bench, take)
        except BenchError as error:
            recorder.finish("error", f"{error.where}: {error.problem}", error.cause)
            raise
        recorder.end("pass")
        say(f"SOUND  {bench.name}: {recorder.finish('pass')}")
    finally:
        bench.close()
