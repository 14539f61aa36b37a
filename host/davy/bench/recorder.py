"""Keeps a run while it goes on and when it has ended: live file, record, report, history."""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from davy.bench.about import about_run
from davy.bench.errors import CAUSES, BenchError
from davy.bench.history import insert
from davy.bench.history_schema import open_history
from davy.bench.live import LiveFile
from davy.bench.measuring import judge, worst
from davy.bench.openhtf import to_bytes
from davy.bench.record_file import HISTORY, beside, kept, put_in_place, record_stem, safe_name, sha256_of
from davy.bench.report import to_html
from davy.bench.results import Measurement, Outcome, Phase, RunResult, Waveform
from davy.bench.waveforms import waveform
from davy.errors import InputError

_READ_ONLY = 0o444


class Recorder:
    """Of one run, used by one thread. Every method raises BenchError (cause `record`) when the disk does not take it.

    Calls out of their order (a measurement outside of a phase, anything after `finish`) are mistakes of the caller: ValueError.
    """

    def __init__(
        self,
        folder: Path,
        run: RunResult,
        clock_now_s: Callable[[], float],
        *,
        planned: int | None = None,
        wall_now_s: Callable[[], float] = time.time,
    ) -> None:
        """`clock_now_s` is the bench's clock, `wall_now_s` Unix time, `planned` how many phases there are to be."""
        for key, value in about_run().items():
            run.about.setdefault(key, value)
        self.run = run
        self.folder = folder
        self._clock_now_s = clock_now_s
        self._wall_now_s = wall_now_s
        self._phase: Phase | None = None
        self._began_s = 0.0
        self._finished = False
        safe_name(run.serial)  # refused now rather than when the run is over
        with kept(folder):
            self._live = LiveFile(folder, run, planned, wall_now_s)
        self._show()

    def begin(self, name: str) -> None:
        """A phase begins."""
        self._check_open()
        if self._phase is not None:
            raise ValueError(f"phase {name!r} begins while {self._phase.name!r} runs")
        self._phase = Phase(name, self._now_ms())
        self._began_s = self._clock_now_s()
        self._show()

    def measure(
        self,
        name: str,
        value: float | None,
        unit: str,
        low: float | None = None,
        high: float | None = None,
        marginal: float | None = None,
    ) -> Measurement:
        """Judge a value (see measuring.judge) and keep it in the running phase."""
        measured = judge(name, value, unit, low, high, marginal)
        self._running().measurements.append(measured)
        self.beat()
        return measured

    def waveform(
        self, name: str, unit: str, t_ms: Sequence[float], values: Sequence[float], steps: bool = False
    ) -> Waveform:
        """Keep a course in the running phase (see waveforms.waveform)."""
        course = waveform(name, unit, t_ms, values, steps)
        self._running().waveforms.append(course)
        return course

    def beat(self) -> None:
        """A sign of life for the live file; to be given in long waits too. Writes at most twice a second."""
        with kept(self._live.path):
            self._live.beat(self._phase, self._seconds())

    def end(self, outcome: Outcome, why: str = "") -> Phase:
        """The running phase ends. What it measured weighs too: `pass` is not kept beside a measurement that failed."""
        phase = self._running()
        phase.outcome = worst(outcome, *(each.verdict for each in phase.measurements))
        phase.why = why
        phase.ended_ms = max(self._now_ms(), phase.started_ms)
        phase.seconds = self._seconds()
        self.run.phases.append(phase)
        self._phase = None
        self._show()
        return phase

    def finish(self, outcome: Outcome, why: str = "", cause: str = "") -> Path:
        """The run ends: record, report and history are written. The record's path.

        A phase that still runs ends with the outcome. The phases weigh too: the run is not better than the worst of them, and
        a run in which nothing was tested has the outcome skip. `cause` (of errors.CAUSES) belongs to the outcome error.
        """
        self._check_open()
        if cause and cause not in CAUSES:
            raise ValueError(f"{cause!r} is no cause: {', '.join(CAUSES)}")
        if self._phase is not None:
            self.end(outcome, why)
        run = self.run
        found = worst(*(phase.outcome for phase in run.phases))
        run.outcome = found if outcome in ("pass", "marginal") and found == "skip" else worst(outcome, found)
        if run.outcome == "error" and not why:
            why = next((phase.why for phase in run.phases if phase.outcome == "error"), "")
        run.why, run.cause = why, cause if run.outcome == "error" else ""
        return self._close()

    def abort(self, why: str) -> Path:
        """The run was broken off, by a person or by a mistake of the suite: `finish` without a verdict, whatever the phases say.

        They are kept; the one that still runs as skipped, with what it measured.
        """
        self._check_open()
        if self._phase is not None:
            self.end("skip", why).outcome = "skip"
        self.run.outcome, self.run.why, self.run.cause = "skip", why, ""
        return self._close()

    def _close(self) -> Path:
        self.run.ended_ms = max(self._now_ms(), self.run.started_ms)
        record = self._write()
        try:
            self._keep_in_history(record)
        finally:
            with kept(self._live.path):
                self._live.show(None, 0.0, {"record": self._name(record), "report": self._name(_report_of(record))})
        return record

    def _write(self) -> Path:
        run = self.run
        home = self.folder / safe_name(run.serial)
        record = home / f"{record_stem(run.started_ms, run.bench, secrets.token_hex(4))}.json"
        report = _report_of(record)
        content = to_bytes(run)
        page = to_html(run, record.name, sha256_of(content)).encode(errors="xmlcharrefreplace")
        with kept(record), contextlib.ExitStack() as waiting:
            home.mkdir(parents=True, exist_ok=True)
            # Both are on the disk before either has its name: a disk that is full leaves neither.
            record_waits = waiting.enter_context(beside(record, content, _READ_ONLY))
            report_waits = waiting.enter_context(beside(report, page, _READ_ONLY))
            put_in_place(record_waits, record)
            self._finished = True
            put_in_place(report_waits, report)
        return record

    def _keep_in_history(self, record: Path) -> None:
        path = self.folder / HISTORY
        try:
            with contextlib.closing(open_history(path)) as db:
                insert(db, self.run, self._name(record), sha256_of(record.read_bytes()))
        except (sqlite3.Error, OSError, InputError) as error:
            said = error.problem if isinstance(error, InputError) else str(error)
            raise BenchError(
                "record",
                str(path),
                f"does not take the run ({said}); its record is whole: {record.name}",
                "mend that, then davy bench history --rebuild",
            ) from error

    def _name(self, file: Path) -> str:
        return file.relative_to(self.folder).as_posix()

    def _check_open(self) -> None:
        if self._finished:
            raise ValueError("the run is finished: its record is never changed")

    def _running(self) -> Phase:
        self._check_open()
        if self._phase is None:
            raise ValueError("no phase runs")
        return self._phase

    def _seconds(self) -> float:
        return 0.0 if self._phase is None else max(0.0, self._clock_now_s() - self._began_s)

    def _now_ms(self) -> int:
        return int(self._wall_now_s() * 1000)

    def _show(self) -> None:
        with kept(self._live.path):
            self._live.show(self._phase, self._seconds())


def _report_of(record: Path) -> Path:
    return record.with_suffix(".html")
