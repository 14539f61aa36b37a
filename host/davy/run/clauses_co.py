"""The clauses for carbon monoxide: alarm times of each profile."""

from __future__ import annotations

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
from davy.run.recorded import Recorded
from safety import codes
from safety.co_dose import CoAlarm
from safety.profile import PROFILES

_HOUSEHOLD = "gb15322_household"
#: (profile, ppm, not before min, not after min, mark); 0 = no bound.
_CO_ROWS = (
    (_HOUSEHOLD, 70, 60, 240, "W"),
    ("en50291", 30, 120, 0, "S"),
    ("en50291", 50, 60, 90, "S"),
    ("en50291", 100, 10, 40, "S"),
    ("en50291", 300, 0, 3, "S"),
    ("ul2034", 70, 60, 240, "S"),
    ("ul2034", 150, 10, 50, "S"),
    ("ul2034", 400, 4, 15, "S"),
)


def co_clauses() -> list[Clause]:
    """Every profile's."""
    return [*_co_rows(), *_co_others()]


def _siren_s(recorded: Recorded) -> float | None:
    return in_seconds(siren_after(recorded))


def _co_rows() -> list[Clause]:
    found = []
    for profile, ppm, not_before, not_after, mark in _CO_ROWS:

        def judge(recorded: Recorded, low: int = not_before, high: int = not_after) -> Measured:
            value = in_minutes(siren_after(recorded))
            return within(value, low or None, high, "min") if high else never_before(value, low, "min")

        minutes = (not_after or not_before) + 5
        scenario = trial(f"{ppm} ppm CO", minutes, [force("co", ppm)], state_ms=60_000)
        window = f"alarm {not_before}..{not_after} min" if not_after else f"no alarm within {not_before} min"
        found.append(Clause(profile, f"CO {ppm} ppm", window, mark, scenario, judge, to_siren_ms=READY_MS))
    return found


def _co_others() -> list[Clause]:
    clean = trial("clean air", 24 * 60, [], state_ms=60_000)
    high = trial("high set-point", 10, [force("co", 300)], state_ms=1_000)
    return [
        Clause("en50291", "clean air for 24 h", "zero ppm never alarms", "S", clean, _never_in_a_day),
        Clause(
            _HOUSEHOLD,
            "CO 300 ppm, high set-point",
            "alarm within 60 s",
            "R",
            high,
            _high_set_point,
            to_siren_ms=READY_MS,
        ),
        Clause("ul2034", "CO 30 ppm for 30 days", "no alarm", "S", None, _ul_30_days, core=True),
    ]


def _never_in_a_day(recorded: Recorded) -> Measured:
    return never_before(in_minutes(siren_after(recorded)), 24 * 60, "min")


def _high_set_point(recorded: Recorded) -> Measured:
    after_s = _siren_s(recorded)
    late = after_s is None or after_s > 60
    return within(
        after_s, None, 60, "s", "an MQ-7 gives one reading each 150 s; a ZE07 or a cell meets this" if late else ""
    )


def _ul_30_days(_recorded: Recorded) -> Measured:
    alarm = CoAlarm(PROFILES["ul2034"])
    for minute in range(43_200):
        alarm.decide(codes.OK, 30, 60_000, False)
        if alarm.level == codes.CRITICAL:
            return never_before(float(minute), 43_200, "min")
    return never_before(None, 43_200, "min", "decision core alone, in steps of a minute")
