"""The clauses about the device itself: distinguishable alarms, silencing, end of service, gas that drifts."""

from __future__ import annotations

from davy.codec import EventKind, Outcome, RunState
from davy.run.clause import READY_MS, Clause, Judge, Measured, force, in_seconds, siren_after, trial, within
from davy.run.recorded import Recorded
from davy.run.scenario import Action
from safety.profile import PROFILES
from safety.service import Service

_COMMERCIAL = "gb15322_commercial"
_HIGH_FROM_MS = 120_000
_WATCH_MS = 20_000
_MUTE_MS = 960_000  # after the latest alarm that UL 2034 allows at 400 ppm


def device_clauses() -> list[Clause]:
    """Of all profiles."""
    low = trial("commercial, low alarm", 3, [force("methane", 8_000)])
    two = trial(
        "commercial, low then high", 5, [force("methane", 8_000), force("methane", 16_000, at_ms=_HIGH_FROM_MS)]
    )
    mute = trial(
        "mute while critical", 17, [force("co", 400), Action(_MUTE_MS, "command", {"command": "mute"})], state_ms=1_000
    )
    found = [
        Clause(
            _COMMERCIAL,
            "low alarm, step to 1.6 x set-point",
            "sounds in the band",
            "S/R",
            low,
            _low,
            to_siren_ms=READY_MS,
        ),
        Clause(_COMMERCIAL, "high alarm, at most 50 %LEL", "told after gas of 32 %LEL", "W", two, _high),
        Clause(_COMMERCIAL, "low and high alarm", "can be told apart by ear", "S", two, _apart),
        Clause("ul2034", "silencing a CO alarm", "sounds again within 6 min while above 70 ppm", "W", mute, _not_muted),
    ]
    for profile, years in ((_COMMERCIAL, 3), ("gb15322_household", 5)):
        found.append(
            Clause(
                profile, "end of service", f"shown after {years} years", "W", None, _end_of(profile, years), core=True
            )
        )
    return found


def _low(recorded: Recorded) -> Measured:
    return within(in_seconds(siren_after(recorded)), 15, 30, "s")


def _high(recorded: Recorded) -> Measured:
    since_ms = READY_MS + _HIGH_FROM_MS
    told = [t for t, e in recorded.told if e.kind == EventKind.ALARM and e.detail == 2 and t >= since_ms]
    return within((told[0] - since_ms) / 1000 if told else None, None, 30, "s", "from the step to 16,000 ppm")


def _sounding(recorded: Recorded, from_ms: int) -> float:
    """Part of _WATCH_MS in which the siren sounds, from a time on."""
    on, since, total = bool(recorded.value_at("siren", "on", from_ms, False)), from_ms, 0
    end_ms = from_ms + _WATCH_MS
    for event in recorded.of_kind("siren"):
        if from_ms < event.t_ms <= end_ms:
            total += event.t_ms - since if on else 0
            on, since = event.data["on"], event.t_ms
    total += end_ms - since if on else 0
    return total / _WATCH_MS


def _apart(recorded: Recorded) -> Measured:
    low = _sounding(recorded, READY_MS + _HIGH_FROM_MS - _WATCH_MS - 5_000)
    high = _sounding(recorded, READY_MS + _HIGH_FROM_MS + 60_000)
    apart = high / low if low else None
    return within(apart, 2, None, "x", f"the siren sounds {low:.0%} of the time at low, {high:.0%} at high")


def _not_muted(recorded: Recorded) -> Measured:
    asked_ms = READY_MS + _MUTE_MS
    outcome = next((e.value for t, e in recorded.told if e.kind == EventKind.COMMAND and t >= asked_ms), None)
    state = recorded.state_at(asked_ms + 10_000)
    critical = state is not None and state.run_state == RunState.CRITICAL
    silent_s = _WATCH_MS / 1000 if not _sounding(recorded, asked_ms) else 0.0
    measured = within(silent_s, None, 360, "s", "silencing is refused while CO is critical")
    return Measured(
        silent_s, None, 360, "s", measured.passed and critical and outcome == Outcome.REFUSED_ALARM, measured.note
    )


def _end_of(profile: str, years: int) -> Judge:
    def judge(_recorded: Recorded) -> Measured:
        service, hours = Service(0, PROFILES[profile]["service_hours"]), 0
        while not service.ended() and hours < 100_000:
            service.pass_time(3_600_000)
            hours += 1
        return within(hours / 8_760, years - 0.1, years + 0.01, "years", "decision core alone, hour by hour")

    return judge
