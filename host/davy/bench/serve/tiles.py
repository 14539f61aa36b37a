"""A bench as a tile: its standing in one word, what it does now, what went wrong and what to do about it."""

from __future__ import annotations

import hashlib

from davy.bench.limit_bar import limit_bar
from davy.bench.results import Outcome
from davy.bench.serve.live_files import LiveBench, LiveMeasurement, LivePhase
from davy.bench.serve.tile_parts import Measured, Note, Phase, Progress, Standing, Tally, Tile
from davy.bench.serve.words import clock_words, name_words
from davy.bench.words import SIGNS, VERDICTS, limits_text, seconds_text, with_unit

#: Who runs says so each few seconds, in long waits too (Recorder.beat); after so long without a word it is gone, or cut off.
SILENT_AFTER_MS = 30_000
#: A verdict of another shift: it is not to be taken for that of the device which lies there now.
OLD_AFTER_MS = 8 * 3_600_000
_MOST_MEASUREMENTS = 6
_MOST_FAILURES = 4
_MOST_PHASES = 12
_NO_VERDICT = "This says nothing about the device: test it again once the bench is in order."
#: Cause of a BenchError -> next step, for whoever stands before the bench.
_NEXT = {
    "rig": "look at the rig's cable and supply, then davy bench check.",
    "device": "is the right device in the fixture, and seated? Then run again.",
    "place": "see that coordinator and exporter run and the place is free, then run again.",
    "record": "make room on the disk, or bring the folder of records back, then run again.",
    "self_check": "do not use this bench until davy bench check passes.",
    "state": "take the device out, seat it anew and run again; another device tells which of the two it is.",
}


_TALLIED: dict[Outcome, str] = {
    "pass": "passed",
    "marginal": "passed marginally",
    "fail": "failed",
    "error": "broken off",
    "skip": "skipped",
}


def tile_of(bench: LiveBench | str, now_ms: int) -> Tile:
    """The tile of one live file, as read_live gives it."""
    if isinstance(bench, str):
        note = Note("What this bench says of itself cannot be read.", "run it again with davy bench run.", _NO_VERDICT)
        return Tile(_id(bench), bench, "unreadable", *_headline("unreadable"), note=note)
    runs = bench.state == "running"
    silent = runs and now_ms - bench.heartbeat_ms > SILENT_AFTER_MS
    standing: Standing = "silent" if silent else "running" if runs else bench.outcome or "skip"
    symbol, word = _headline(standing)
    failures = [_phase(phase, now_ms) for phase in bench.failed]
    failed = bench.counts.get("fail", 0)
    return Tile(
        _id(bench.bench),
        bench.bench,
        standing,
        symbol,
        word,
        aside=_aside(bench, standing, now_ms),
        serial=bench.serial or "no serial number yet",
        operator=bench.operator,
        note=_note(bench, standing),
        why=bench.why if standing in ("fail", "skip") else "",
        progress=_progress(bench),
        now=_phase(bench.phase, now_ms) if runs and bench.phase is not None else None,
        ticks=standing == "running",
        failures=failures[-_MOST_FAILURES:],
        failures_title="Failed" if failed <= _MOST_FAILURES else f"Failed: the last {_MOST_FAILURES} of {failed}",
        phases=[_phase(phase, now_ms) for phase in bench.last[: -_MOST_PHASES - 1 : -1]],
        old=not runs and now_ms - bench.heartbeat_ms > OLD_AFTER_MS,
    )


def _id(name: str) -> str:
    # Of an element: a bench may be called anything.
    return hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:12]


def _headline(standing: Standing) -> tuple[str, str]:
    if standing == "running":
        return "▶", "TESTING"
    if standing == "silent":
        return "…", "NO SIGN OF LIFE"
    if standing == "unreadable":
        return "?", "NOT READABLE"
    return SIGNS[standing], VERDICTS[standing]


def _aside(bench: LiveBench, standing: Standing, now_ms: int) -> str:
    failed = bench.counts.get("fail", 0)
    if standing == "silent":
        return f"since {clock_words(bench.heartbeat_ms, now_ms) or 'it began'}"
    if standing == "running":
        return f"{failed} failed so far" if failed else "nothing failed so far"
    said = {"error": "no verdict on the device", "marginal": "close to a limit", "fail": f"{failed} failed"}.get(
        standing
    )
    ended = clock_words(bench.ended_ms or bench.heartbeat_ms, now_ms)
    return ", ".join(each for each in (said, f"ended {ended}" if ended else "") if each)


def _note(bench: LiveBench, standing: Standing) -> Note | None:
    if standing == "silent":
        return Note(
            "The run has not written anything since.",
            "see whether its program still runs; then run again.",
            _NO_VERDICT,
        )
    if standing != "error":
        return None
    cause = bench.cause.replace("_", " ")
    problem = bench.why or "the run ended without saying why"
    return Note(
        f"{cause}: {problem}" if cause else problem, _NEXT.get(bench.cause, "run davy bench check."), _NO_VERDICT
    )


def _progress(bench: LiveBench) -> Progress:
    tally = [
        Tally(outcome, SIGNS[outcome], bench.counts[outcome], _TALLIED[outcome])
        for outcome in _TALLIED
        if bench.counts.get(outcome, 0) > 0
    ]
    done = sum(each.number for each in tally)
    if not bench.planned:
        return Progress(0.0 if bench.state == "running" else 100.0, f"{done} done", tally)
    return Progress(round(min(100.0, 100 * done / bench.planned), 1), f"{done} of {bench.planned}", tally)


def _phase(phase: LivePhase, now_ms: int) -> Phase:
    return Phase(
        name_words(phase.name),
        phase.outcome,
        SIGNS[phase.outcome],
        VERDICTS[phase.outcome].lower(),
        phase.why,
        seconds_text(phase.seconds),
        clock_words(phase.started_ms, now_ms),
        phase.started_ms,
        [_measured(each) for each in phase.measurements[-_MOST_MEASUREMENTS:]],
    )


def _measured(it: LiveMeasurement) -> Measured:
    each = it.measurement()
    value = "no reading" if each.value is None else with_unit(each.value, each.unit)
    return Measured(
        name_words(each.name),
        value,
        each.verdict,
        SIGNS[each.verdict],
        VERDICTS[each.verdict].lower(),
        limits_text(each),
        limit_bar(each),
    )
