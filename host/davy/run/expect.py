"""Expectations: what must come of a run, judged by its record. Each gives what was required and what was measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from davy.board.plant import GASES
from davy.codec import EventKind, Fault, Gas, Level, RunState
from davy.run.duration import show_ms
from davy.run.fields import Table
from davy.run.recorded import Recorded

_GAS = {"methane": Gas.METHANE, "co": Gas.CO}
_LEVELS = ("warning", "critical")
_LAMPS = ("green", "yellow", "red")


@dataclass(frozen=True)
class Verdict:
    """One expectation's outcome, in words."""

    name: str
    required: str
    measured: str
    margin: str
    passed: bool


@dataclass(frozen=True)
class Expectation:
    """`judge` looks at a record; `what` is its word in the file."""

    what: str
    judge: Callable[[Recorded], Verdict]


def _in_time(name: str, times_ms: list[int], after_ms: int, by_ms: int) -> Verdict:
    """The first time from after_ms on must come by by_ms."""
    first = next((t_ms for t_ms in times_ms if t_ms >= after_ms), None)
    required = f"between {show_ms(after_ms)} and {show_ms(by_ms)}" if after_ms else f"by {show_ms(by_ms)}"
    if first is None:
        return Verdict(name, required, "never", "", False)
    return Verdict(name, required, show_ms(first), f"{(by_ms - first) / 1000:+.1f} s", first <= by_ms)


def _below(name: str, limit_ppm: float, measured_ppm: float | None, missing: str = "") -> Verdict:
    required = f"below {limit_ppm:g} ppm"
    if measured_ppm is None:
        return Verdict(name, required, missing, "", False)
    return Verdict(
        name, required, f"{measured_ppm:.0f} ppm", f"{limit_ppm - measured_ppm:+.0f} ppm", measured_ppm < limit_ppm
    )


def _alarm(table: Table, end_ms: int) -> Callable[[Recorded], Verdict]:
    gas, level = table.choice("gas", GASES, "methane"), table.choice("level", _LEVELS, "critical")
    after_ms, by_ms = table.time_ms("after", 0), table.time_ms("by", end_ms)
    number = Level[level.upper()]
    return lambda run: _in_time(f"{gas} alarm {level}", run.alarms(_GAS[gas], number), after_ms, by_ms)


def _no_alarm(_table: Table, _end_ms: int) -> Callable[[Recorded], Verdict]:
    def judge(run: Recorded) -> Verdict:
        if not run.told:
            return Verdict("no alarm", "none", "nothing was heard of the board", "", False)
        alarms = [t_ms for t_ms, event in run.told if event.kind == EventKind.ALARM]
        measured = f"{len(alarms)}, first at {show_ms(alarms[0])}" if alarms else "none"
        return Verdict("no alarm", "none", measured, "", not alarms)

    return judge


def _valve(table: Table, end_ms: int) -> Callable[[Recorded], Verdict]:
    state = table.choice("is", ("open", "closed"))
    after_ms, by_ms = table.time_ms("after", 0), table.time_ms("by", end_ms)

    def judge(run: Recorded) -> Verdict:
        moves = [event.t_ms for event in run.of_kind("valve") if event.data["open"] == (state == "open")]
        return _in_time(f"valve {state}", moves, after_ms, by_ms)

    return judge


def _valve_at(table: Table, _end_ms: int) -> Callable[[Recorded], Verdict]:
    state, at_ms = table.choice("is", ("open", "closed")), table.time_ms("at")

    def judge(run: Recorded) -> Verdict:
        measured = "open" if run.value_at("valve", "open", at_ms, False) else "closed"
        return Verdict(f"valve at {show_ms(at_ms)}", state, measured, "", measured == state)

    return judge


def _shut_below(table: Table, _end_ms: int) -> Callable[[Recorded], Verdict]:
    gas, ppm = table.choice("gas", GASES, "methane"), table.number("ppm", 0, 1_000_000)
    after_ms = table.time_ms("after", 0)

    def judge(run: Recorded) -> Verdict:
        shut = [e.t_ms for e in run.of_kind("valve") if not e.data["open"] and e.t_ms >= after_ms]
        measured = run.true_ppm_at(gas, shut[0]) if shut else None
        return _below(f"true {gas} when the valve shut", ppm, measured, "never shut")

    return judge


def _peak(table: Table, _end_ms: int) -> Callable[[Recorded], Verdict]:
    gas, ppm = table.choice("gas", GASES, "methane"), table.number("ppm", 0, 1_000_000)
    return lambda run: _below(f"peak of true {gas}", ppm, run.peak_ppm(gas))


def _decays(table: Table, end_ms: int) -> Callable[[Recorded], Verdict]:
    gas, ppm = table.choice("gas", GASES, "methane"), table.number("ppm", 0, 1_000_000)
    by_ms = table.time_ms("by", end_ms)

    def judge(run: Recorded) -> Verdict:
        peak_at = int(np.argmax(run.truth[gas]))
        below = np.flatnonzero(run.truth[gas][peak_at:] < ppm)
        times = [round(float(run.t_s[peak_at + below[0]]) * 1000)] if len(below) else []
        return _in_time(f"true {gas} decays below {ppm:g} ppm", times, 0, by_ms)

    return judge


def _fault(table: Table, end_ms: int) -> Callable[[Recorded], Verdict]:
    fault = table.choice("fault", [bit.name.lower() for bit in Fault])
    after_ms, by_ms = table.time_ms("after", 0), table.time_ms("by", end_ms)

    def judge(run: Recorded) -> Verdict:
        shown = [t_ms for t_ms, e in run.told if e.kind == EventKind.FAULT and e.detail == Fault[fault.upper()]]
        return _in_time(f"fault {fault}", shown, after_ms, by_ms)

    return judge


def _no_fault(_table: Table, _end_ms: int) -> Callable[[Recorded], Verdict]:
    def judge(run: Recorded) -> Verdict:
        if not run.told:
            return Verdict("no fault", "none", "nothing was heard of the board", "", False)
        faults = [Fault(e.detail).name.lower() for _, e in run.told if e.kind == EventKind.FAULT]
        return Verdict("no fault", "none", ", ".join(faults) or "none", "", not faults)

    return judge


def _no_number(table: Table, end_ms: int) -> Callable[[Recorded], Verdict]:
    gas = table.choice("gas", GASES, "methane")
    after_ms, by_ms = table.time_ms("after"), table.time_ms("by", end_ms)

    def judge(run: Recorded) -> Verdict:
        reports = [state for t_ms, state in run.states if after_ms <= t_ms <= by_ms]
        numbers = [n for n in (s.methane_ppm if gas == "methane" else s.co_ppm for s in reports) if n is not None]
        measured = (
            f"{len(numbers)} of {len(reports)} reports, such as {numbers[0]} ppm"
            if numbers
            else f"none in {len(reports)}"
        )
        required = f"none from {show_ms(after_ms)} to {show_ms(by_ms)}"
        return Verdict(f"{gas} reported as a number", required, measured, "", bool(reports) and not numbers)

    return judge


def _run_state(table: Table, _end_ms: int) -> Callable[[Recorded], Verdict]:
    state, at_ms = table.choice("is", [each.name.lower() for each in RunState]), table.time_ms("at")

    def judge(run: Recorded) -> Verdict:
        found = run.state_at(at_ms)
        measured = RunState(found.run_state).name.lower() if found is not None else "no report"
        return Verdict(f"run state at {show_ms(at_ms)}", state, measured, "", measured == state)

    return judge


def _siren(table: Table, end_ms: int) -> Callable[[Recorded], Verdict]:
    after_ms, by_ms = table.time_ms("after", 0), table.time_ms("by", end_ms)

    def judge(run: Recorded) -> Verdict:
        return _in_time("siren sounds", [e.t_ms for e in run.of_kind("siren") if e.data["on"]], after_ms, by_ms)

    return judge


def _lamp(table: Table, end_ms: int) -> Callable[[Recorded], Verdict]:
    colour = table.choice("colour", _LAMPS)
    after_ms, by_ms = table.time_ms("after", 0), table.time_ms("by", end_ms)

    def judge(run: Recorded) -> Verdict:
        lit = [e.t_ms for e in run.of_kind("lamp") if colour in e.data["colours"].split("+")]
        return _in_time(f"lamp {colour}", lit, after_ms, by_ms)

    return judge


def _stored(table: Table, _end_ms: int) -> Callable[[Recorded], Verdict]:
    least = table.whole("at_least", 1, 1_000_000, 1)

    def judge(run: Recorded) -> Verdict:
        required = f"each event once, {least} at least"
        if run.stored_ids is None:
            return Verdict("stored and acknowledged", required, "no monitor ran", "", False)
        told, stored = set(run.told_ids), run.stored_ids
        missing, twice = len(told - set(stored)), len(stored) - len(set(stored))
        measured = f"{len(stored)} of {len(told)} told, {missing} missing, {twice} twice"
        return Verdict(
            "stored and acknowledged", required, measured, "", not missing and not twice and len(stored) >= least
        )

    return judge


_KINDS: dict[str, tuple[tuple[str, ...], Callable[[Table, int], Callable[[Recorded], Verdict]]]] = {
    "alarm": (("gas", "level", "after", "by"), _alarm),
    "no_alarm": ((), _no_alarm),
    "valve": (("is", "after", "by"), _valve),
    "valve_at": (("is", "at"), _valve_at),
    "shut_below": (("gas", "ppm", "after"), _shut_below),
    "peak_below": (("gas", "ppm"), _peak),
    "decays_below": (("gas", "ppm", "by"), _decays),
    "fault": (("fault", "after", "by"), _fault),
    "no_fault": ((), _no_fault),
    "no_number": (("gas", "after", "by"), _no_number),
    "run_state": (("is", "at"), _run_state),
    "siren": (("after", "by"), _siren),
    "lamp": (("colour", "after", "by"), _lamp),
    "stored": (("at_least",), _stored),
}


#: Judged by what the board tells on its wired line; without it they would be met, or missed, by silence.
_BY_WIRE = ("alarm", "no_alarm", "fault", "no_fault", "no_number", "run_state", "stored")


def parse_expectation(table: Table, duration_ms: int, heard: bool = True, stored: bool = True) -> Expectation:
    """One [[expect]] of a run whose wired line is `heard` and whose events are `stored`. Raises InputError."""
    what = table.choice("what", _KINDS)
    keys, make = _KINDS[what]
    table.only(("what", *keys))
    for key in ("after", "by", "at"):
        if table.has(key) and table.time_ms(key) > duration_ms:
            raise table.refuse(key, "is after the end of the run", "at most the duration")
    if table.has("after") and table.has("by") and table.time_ms("after") > table.time_ms("by"):
        raise table.refuse("by", "is before 'after'", "a time at or after 'after'")
    if what in _BY_WIRE and not heard:
        raise table.refuse("what", f"{what!r} needs the wired line, which is off", "a serial_state above 0 in [report]")
    if what == "stored" and not stored:
        raise table.refuse("what", "nothing stores events in this run", "wifi and broker true in [report]")
    return Expectation(what, make(table, duration_ms))
