"""One bench through one run of the suite: state by state, phase by phase, with a record at the end whatever happens."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from davy import codec
from davy.bench.bench import Bench
from davy.bench.capabilities.gas import GasStimulus
from davy.bench.clock import BeatingClock
from davy.bench.errors import BenchError
from davy.bench.recorder import Recorder
from davy.bench.results import Measurement, Outcome, RunResult
from davy.bench.rig import INPUTS
from davy.bench.selfcheck import check_bench
from davy.bench.states import States
from davy.bench.stopping import Stop

_READINGS = (("methane reading", "methane_ppm"), ("CO reading", "co_ppm"))
#: How long the rig may go without being looked at: it goes to rest after 10 minutes, and keeps the edges of 4.
_LOOK_AT_RIG_S = 60.0


@dataclass(frozen=True)
class Summary:
    """What `davy bench run` says of one bench. `record` is empty when there is none; `stopped` says why it was broken off."""

    number: int
    bench: str
    serial: str
    outcome: Outcome
    why: str
    cause: str
    record: str
    passed: int
    failed: int
    skipped: int
    wall_s: float
    stopped: str = ""

    def write(self, folder: Path) -> None:
        """Into the room that was made for it: what a full disk does to a run can still be told."""
        with _place(folder, self.number).open("r+b") as file:
            file.write(json.dumps(self.__dict__).encode())


_ROOM_BYTES = 4_096


def make_room(folder: Path, benches: int) -> None:
    """For so many summaries."""
    for number in range(benches):
        _place(folder, number).write_bytes(b" " * _ROOM_BYTES)


def summaries_in(folder: Path, benches: int) -> tuple[Summary, ...]:
    """Those that were written."""
    texts = [_place(folder, number).read_text() for number in range(benches)]
    return tuple(Summary(**json.loads(text)) for text in texts if text.strip())


def write_if_none(summary: Summary, folder: Path) -> None:
    """Of a bench whose own process can write none any more."""
    if not _place(folder, summary.number).read_text().strip():
        summary.write(folder)


def _place(folder: Path, number: int) -> Path:
    return folder / f"bench-{number:03d}.json"


class BenchSession:
    """`stimuli` are the gases that tests of the running phase drove: their course goes into the report.

    `say` hears what a person waits for. Raises BenchError when there is no place for a record.
    """

    def __init__(
        self,
        bench: Bench,
        records: Path,
        operator: str,
        planned: int,
        number: int = 0,
        stop: Stop | None = None,
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.bench = bench
        self._stop = stop or Stop()
        self.number = number
        self.states = States(bench, say, lambda: self.recorder.beat())
        self.stimuli: list[GasStimulus] = []
        self._began_s = time.monotonic()
        run = RunResult(
            serial=bench.unit.serial,
            bench=bench.name,
            operator=operator,
            started_ms=time.time_ns() // 1_000_000,
            about={
                "board": bench.spec.name,
                "image_sha256": bench.image.sha256 or None,  # a bench that takes devices as they come knows none
                "identifier": bench.unit.identifier,
                "bench_kind": bench.kind,
                **bench.about,
            },
        )
        # The self-check is a phase as well.
        self.recorder = Recorder(records, run, bench.clock.now_s, planned=planned + 1)
        bench.clock = BeatingClock(bench.clock, self._beat)
        bench.device.clock = bench.clock
        self.error: BenchError | None = None
        self.measured: list[Measurement] = []  # of the running test
        self._outcomes: list[Outcome] = []
        self._rig_ms = 0
        self._clock_s = 0.0
        self._looked_s = bench.clock.now_s()  # at the rig, in a long wait

    def _beat(self) -> None:
        self.recorder.beat()
        self._stop.obey()
        now_s = self.bench.clock.now_s()
        if now_s - self._looked_s >= _LOOK_AT_RIG_S:
            self._looked_s = now_s
            self.bench.rig.edges(self.bench.rig.now_ms())

    def check(self) -> None:
        """Is the bench itself sound? Its measurements are a phase of the record. Raises BenchError."""
        self.recorder.begin("bench self-check")
        try:
            about = self.bench.rig.about()
            self.recorder.run.about["bench"] = {
                **asdict(about),
                "calibrated": about.calibrated or self.bench.calibrated,
            }
            check_bench(self.bench, self.recorder.measure)
        except BenchError as error:
            self.fail(error)
            self.recorder.end("error", str(error))
            raise
        self.recorder.end("pass")

    def fail(self, error: BenchError) -> BenchError:
        """The bench is broken: no verdict on the device from here on. What it is to be put down to."""
        if self.error is None:
            self.error = self._behind(error)
            self.states.mark_broken(self.error)
        return self.error

    def _behind(self, error: BenchError) -> BenchError:
        # A rig that died took the device's power with it.
        if error.cause in ("device", "state"):
            try:
                self.bench.rig.now_ms()
            except BenchError as deeper:
                return deeper
        return error

    def may_judge(self) -> bool:
        """After a test that failed: whether rig and device are there, or else it was the bench that failed."""
        try:
            self.bench.rig.now_ms()
            self.states.check_alive()
        except BenchError as error:
            self.fail(error)
        return self.error is None

    def begin(self, name: str) -> None:
        """A test begins."""
        self._stop.obey()
        self.recorder.begin(name)
        self.measured.clear()
        self.stimuli.clear()

    def measure(
        self,
        name: str,
        value: float | None,
        unit: str,
        low: float | None = None,
        high: float | None = None,
        marginal: float | None = None,
    ) -> Measurement:
        """Judge a number and keep it: see davy.bench.measuring."""
        measured = self.recorder.measure(name, value, unit, low, high, marginal)
        self.measured.append(measured)
        return measured

    def met(self) -> None:
        """The device is up: its own version goes into the record."""
        if "firmware" in self.recorder.run.about["software"]:
            return
        hello = self.bench.device.hello()
        version = f"{hello.firmware_major}.{hello.firmware_minor}.{hello.firmware_patch}"
        self.recorder.run.about["software"]["firmware"] = version

    def acting(self) -> None:
        """The device is in its state and the test itself begins: courses are kept from here on."""
        self._rig_ms, self._clock_s = self.bench.rig.now_ms(), self.bench.clock.now_s()

    def keep_courses(self) -> None:
        """What the rig saw, what it put on and what the device read, for the report."""
        began_ms = self._rig_ms
        edges = self.bench.rig.edges(began_ms)
        end_ms = self.bench.rig.now_ms()
        for line in INPUTS:
            mine = [edge for edge in edges if edge.line == line]
            if mine:
                times = [began_ms, *(edge.t_ms for edge in mine), end_ms]
                levels = [1 - mine[0].level, *(edge.level for edge in mine), mine[-1].level]
                self.recorder.waveform(
                    line, "1", [float(t - began_ms) for t in times], [float(v) for v in levels], True
                )
        for stimulus in self.stimuli:
            course = [(t_ms, uv) for t_ms, uv in stimulus.course if t_ms <= end_ms]
            if course:
                course.append((end_ms, course[-1][1]))
                self.recorder.waveform(
                    f"{stimulus.gas} sensor",
                    "V",
                    [float(t_ms - began_ms) for t_ms, _ in course],
                    [uv / 1e6 for _, uv in course],
                    True,
                )
        self._keep_readings()

    def _keep_readings(self) -> None:
        told = self.bench.device.told(codec.State, self._clock_s)
        for name, field in _READINGS:
            points = [(1000 * (at_s - self._clock_s), getattr(state, field)) for at_s, state in told]
            points = [(t_ms, value) for t_ms, value in points if value is not None]
            if len(points) > 1 and any(value > 100 for _, value in points):
                self.recorder.waveform(name, "ppm", [t for t, _ in points], [float(value) for _, value in points])

    def end(self, outcome: Outcome, why: str) -> None:
        """The test has ended."""
        phase = self.recorder.end(outcome, why)
        self._outcomes.append(phase.outcome)

    def finish(self, stopped: str = "") -> Summary:
        """Write the record and give everything back. A record that cannot be kept makes the run an error.

        `stopped`: why the run was broken off; then there is no verdict.
        """
        bench = self.bench
        self.recorder.run.about["programs_written"] = self.states.flashed
        record = ""
        try:
            if self.error is not None:
                found = self.recorder.finish("error", f"{self.error.where}: {self.error.problem}", self.error.cause)
            elif stopped:
                found = self.recorder.abort(stopped)
            else:
                found = self.recorder.finish("pass")
            record = str(found)
        except BenchError as error:
            self.error = self.error or error
        finally:
            self._give_back()
        run = self.recorder.run
        return Summary(
            number=self.number,
            bench=bench.name,
            serial=bench.unit.serial,
            outcome="error" if self.error is not None else run.outcome,
            why=str(self.error) if self.error is not None else run.why,
            cause=self.error.cause if self.error is not None else "",
            record=record,
            passed=sum(each in ("pass", "marginal") for each in self._outcomes),
            failed=self._outcomes.count("fail"),
            skipped=self._outcomes.count("skip"),
            wall_s=round(time.monotonic() - self._began_s, 2),
            stopped=stopped if self.error is None else "",
        )

    def _give_back(self) -> None:
        try:
            self.states.leave()
        except BenchError as error:
            self.error = self.error or error
        finally:
            self.bench.close()


def summary_without_record(number: int, bench: str, serial: str, error: BenchError) -> Summary:
    """Of a bench that was not to be had: nothing of the device was touched."""
    return Summary(number, bench, serial, "error", str(error), error.cause, "", 0, 0, 0, 0.0)
