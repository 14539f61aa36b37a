"""What one measurement of the bench costs: judged, kept, and shown in the live file, beside a bare list's append.

The limit is 1 ms a measurement. A run has 50 tests of 40 measurements each; begin and end of each test are in the figure. The
live file is written twice a second at most; in the second run the clock has it written every time, most of which is the file
system's (ext4 puts a file that replaces another on the disk).
"""

from __future__ import annotations

import itertools
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from davy.bench.recorder import Recorder
from davy.bench.results import RunResult

LIMIT_US = 1000.0
PHASES, MEASUREMENTS = 50, 40
TOTAL = PHASES * MEASUREMENTS


def append_us() -> float:
    """Microseconds an append."""
    bare: list[tuple[str, int]] = []
    began = time.perf_counter()
    for number in range(TOTAL):
        bare.append(("valve_close_time", number))
    return (time.perf_counter() - began) / TOTAL * 1e6


def run_us(wall_now_s: Callable[[], float]) -> tuple[float, float]:
    """(microseconds a measurement of a whole run, milliseconds of its end)."""
    with tempfile.TemporaryDirectory() as name:
        run = RunResult("GA26000001", "benchmark", "", int(time.time() * 1000))
        recorder = Recorder(Path(name), run, time.monotonic, wall_now_s=wall_now_s)
        began = time.perf_counter()
        for phase in range(PHASES):
            recorder.begin(f"test {phase}")
            for number in range(MEASUREMENTS):
                recorder.measure("valve_close_time", number * 20, "ms", 0, 1000, 0.8)
            recorder.end("pass")
        measured = (time.perf_counter() - began) / TOTAL * 1e6
        began = time.perf_counter()
        recorder.finish("pass")
        return measured, (time.perf_counter() - began) * 1e3


def main() -> int:
    append = append_us()
    measured, end_ms = run_us(time.time)
    seconds = itertools.count(int(time.time()))
    always, _ = run_us(lambda: next(seconds))
    print(f"list.append                  {append:8.2f} us")
    print(f"a measurement                {measured:8.2f} us   {measured / append:,.0f} x the append")
    print(f"  written to disk each time  {always:8.2f} us")
    print(
        f"limit                        {LIMIT_US:8.0f} us   {LIMIT_US / measured:.0f} x and {LIMIT_US / always:.1f} x what they take"
    )
    print(f"end of the run               {end_ms:8.0f} ms   record, report and history of {TOTAL:,} measurements")
    return 0 if measured <= LIMIT_US else 1


if __name__ == "__main__":
    sys.exit(main())
