"""The clauses that `davy conform` tries: methane, household. Numbers and their marks are those of the standards' notes."""

from __future__ import annotations

from davy.board.room import RoomConfig
from davy.codec import EventKind, Fault
from davy.run.clause import (
    READY_MS,
    Clause,
    Measured,
    force,
    in_minutes,
    in_seconds,
    never_before,
    siren_after,
    trial,
    within,
)
from davy.run.clauses_co import co_clauses
from davy.run.clauses_device import device_clauses
from davy.run.recorded import Recorded
from davy.run.scenario import Action

_LEL_PPM = 50_000
_HOUSEHOLD = "gb15322_household"


def clauses(profile: str | None = None) -> list[Clause]:
    """Those of one profile, or all."""
    found = [*_methane(), *device_clauses(), *co_clauses()]
    return [clause for clause in found if profile in (None, clause.profile)]


def _siren_s(recorded: Recorded) -> float | None:
    return in_seconds(siren_after(recorded))


def _methane() -> list[Clause]:
    sealed = RoomConfig(volume_m3=20, ventilation_ach=0)
    ramp = trial("alarm value", 25, [Action(0, "leak", {"gas": "methane", "l_per_min": 10.0})], room=sealed)
    step = trial("step", 3, [force("methane", 8_000)])
    urgent = trial("urgent", 2, [force("methane", 20_000)], state_ms=100)
    below = trial("below 5 %LEL", 60, [force("methane", 2_300)])
    warm_up = trial("warm-up", 1, [force("methane", 20_000, at_ms=-READY_MS)])
    cut = trial(
        "power cut",
        25,
        [
            force("methane", 9_000),
            force("methane", 2, at_ms=120_000),
            Action(180_000, "power", {"state": "off"}),
            Action(300_000, "power", {"state": "on"}),
        ],
    )
    rows = [
        ("alarm value, rise of 1 %LEL/min", "at 10 %LEL, +-3 %LEL", "R", ramp, _alarm_value),
        ("step to 1.6 x set-point", "alarm in the band that the 2019 and 2026 editions share", "S/R", step, _step),
        ("25 %LEL exceeded", "alarm at once", "R", urgent, _urgent),
        ("60 min just below 5 %LEL", "no alarm", "R", below, _silent),
        ("gas present during warm-up", "alarms before the warm-up is over", "S", warm_up, _warm_up),
        ("valve", "shut after the alarm", "D", step, _valve),
        ("power cut after an alarm", "comes back latched, valve shut", "S", cut, _latched),
    ]
    # Those that ask for nothing but the siren end with it.
    ends = {_alarm_value: READY_MS, _step: READY_MS, _urgent: READY_MS, _warm_up: 0}
    found = [
        Clause(_HOUSEHOLD, name, text, mark, scenario, judge, to_siren_ms=ends.get(judge))
        for name, text, mark, scenario, judge in rows
    ]
    broken_words = (
        ("open", "unplugged"),
        ("short", "shorted"),
        ("stuck", "stuck"),
        ("jumping", "jumping"),
        ("heater", "heater broken"),
    )
    for fault, word in broken_words:
        broken = trial(word, 2, [Action(0, "sensor_fault", {"gas": "methane", "fault": fault})], state_ms=1_000)
        found.append(
            Clause(
                _HOUSEHOLD,
                f"methane sensor {word}",
                "fault, and no number",
                "R",
                broken,
                _fault,
                needs_heater_sense=fault == "heater",
            )
        )
    return found


def _alarm_value(recorded: Recorded) -> Measured:
    at_ms = siren_after(recorded)
    value = None if at_ms is None else recorded.true_ppm_at("methane", READY_MS + at_ms) * 100 / _LEL_PPM
    return within(value, 7, 13, "%LEL")


def _step(recorded: Recorded) -> Measured:
    return within(_siren_s(recorded), 15, 30, "s")


def _urgent(recorded: Recorded) -> Measured:
    reached = next((t for t, s in recorded.states if s.methane_ppm is not None and s.methane_ppm >= 12_500), None)
    at_ms = siren_after(recorded)
    value = None if reached is None or at_ms is None else (READY_MS + at_ms - reached) / 1000
    return within(value, None, 2, "s", "from the first reading above it")


def _silent(recorded: Recorded) -> Measured:
    return never_before(in_minutes(siren_after(recorded)), 60, "min")


def _warm_up(recorded: Recorded) -> Measured:
    return within(in_seconds(siren_after(recorded, 0)), None, 180, "s", "from power-on")


def _valve(recorded: Recorded) -> Measured:
    at_ms = siren_after(recorded)
    shut = next((e.t_ms for e in recorded.of_kind("valve") if not e.data["open"] and e.t_ms >= READY_MS), None)
    value = None if at_ms is None or shut is None else (shut - READY_MS - at_ms) / 1000
    return within(value, None, 1, "s", "after the siren; the valve's own travel is assumed")


def _latched(recorded: Recorded) -> Measured:
    back_ms = READY_MS + 300_000
    opened = [e.t_ms for e in recorded.of_kind("valve") if e.data["open"] and e.t_ms > READY_MS]
    states = [state for t_ms, state in recorded.states if t_ms > back_ms]
    held = bool(states) and all(state.latched for state in states) and not opened
    return Measured(None, None, None, "", held, f"latched in {sum(s.latched for s in states)} of {len(states)} reports")


def _fault(recorded: Recorded) -> Measured:
    faults = [t for t, e in recorded.told if e.kind == EventKind.FAULT and e.detail == Fault.METHANE_SENSOR]
    value = (faults[0] - READY_MS) / 1000 if faults else None
    numbers = [s for t, s in recorded.states if faults and t > faults[0] and s.methane_ppm is not None]
    measured = within(value, None, 30, "s")
    return Measured(value, None, 30, "s", measured.passed and not numbers, f"{len(numbers)} numbers reported")
