"""RECORDS/live/<bench>.json: what a bench does now, for whoever looks. Always whole; old news after a power cut is no harm."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from davy.bench.record_file import LIVE, safe_name
from davy.bench.results import Phase, RunResult

LIVE_SCHEMA = 1
#: Measurements and signs of life are shown at most so often; a phase's begin and end always.
_LEAST_APART_S = 0.5
_LAST_PHASES = 20
_LAST_FAILED = 4


class LiveFile:
    """Of one run. Raises OSError when it cannot be written; the file is as it was then."""

    def __init__(self, folder: Path, run: RunResult, planned: int | None, wall_now_s: Callable[[], float]) -> None:
        """`planned` is how many phases the run has, if that is known; `wall_now_s` is Unix time."""
        self.path = folder / LIVE / f"{safe_name(run.bench)}.json"
        self.planned = planned
        self._run = run
        self._wall_now_s = wall_now_s
        self._beside = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        self._shown_s: float | None = None
        self.path.parent.mkdir(parents=True, exist_ok=True)

    def beat(self, phase: Phase | None, seconds: float) -> None:
        """Show how it stands, unless it was shown just now."""
        now_s = self._wall_now_s()
        if self._shown_s is None or not 0 <= now_s - self._shown_s < _LEAST_APART_S:
            self.show(phase, seconds)

    def show(self, phase: Phase | None, seconds: float, ended: dict[str, str] | None = None) -> None:
        """Show how it stands: the running phase, how long it has taken on the bench's clock; `ended`: the record's files."""
        self._shown_s = self._wall_now_s()
        content = json.dumps(self._document(phase, seconds, ended), ensure_ascii=False)
        try:
            self._beside.write_bytes(content.encode(errors="backslashreplace"))
            os.replace(self._beside, self.path)
        except OSError:
            with contextlib.suppress(OSError):
                self._beside.unlink(missing_ok=True)
            raise

    def _document(self, phase: Phase | None, seconds: float, ended: dict[str, str] | None) -> dict[str, Any]:
        run = self._run
        counts = dict.fromkeys(("pass", "marginal", "fail", "error", "skip"), 0)
        for each in run.phases:
            counts[each.outcome] += 1
        return {
            "schema": LIVE_SCHEMA,
            "bench": run.bench,
            "serial": run.serial,
            "operator": run.operator,
            "state": "running" if ended is None else "ended",
            "heartbeat_ms": int((self._shown_s or 0) * 1000),
            "started_ms": run.started_ms,
            "ended_ms": run.ended_ms or None,
            "outcome": None if ended is None else run.outcome,
            "why": run.why,
            "cause": run.cause,
            "planned": self.planned,
            "counts": counts,
            "phase": None if phase is None else _shown(phase, seconds),
            "last": [
                {
                    "name": each.name,
                    "outcome": each.outcome,
                    "why": each.why,
                    "seconds": each.seconds,
                    "ended_ms": each.ended_ms,
                }
                for each in run.phases[-_LAST_PHASES:]
            ],
            "failed": [_failed(each) for each in run.phases if each.outcome == "fail"][-_LAST_FAILED:],
            "record": ended["record"] if ended else None,
            "report": ended["report"] if ended else None,
        }


def _shown(phase: Phase, seconds: float) -> dict[str, Any]:
    measured = [vars(each) for each in phase.measurements]
    return {"name": phase.name, "started_ms": phase.started_ms, "seconds": seconds, "measurements": measured}


def _failed(phase: Phase) -> dict[str, Any]:
    wrong = [vars(each) for each in phase.measurements if each.verdict != "pass"]
    return {
        "name": phase.name,
        "outcome": phase.outcome,
        "why": phase.why,
        "seconds": phase.seconds,
        "measurements": wrong,
    }
