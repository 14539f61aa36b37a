"""How a device stands, in one word, and what comes first on a page."""

from __future__ import annotations

from davy.codec import Level, RunState, State
from davy.monitor.web.models import Link, Standing

_UNKNOWN_URGENCY = 6
_ALARM_STATES = (RunState.WARNING, RunState.CRITICAL, RunState.LATCHED)
_FAULT_STATES = (RunState.FAULT, RunState.END_OF_SERVICE, RunState.TAMPER)
_WARMING_STATES = (RunState.STARTING, RunState.PREHEAT, RunState.TESTING)


def is_alarm(state: State | None) -> bool:
    """Gas now, or an alarm that nobody has released yet."""
    return state is not None and (
        state.run_state in _ALARM_STATES
        or bool(state.latched)
        or max(state.methane_level, state.co_level) != Level.NORMAL
    )


def is_fault(state: State | None) -> bool:
    """Something of the device needs a person: a fault, an open case, the end of its service."""
    return state is not None and (bool(state.faults) or bool(state.tampered) or state.run_state in _FAULT_STATES)


def standing(state: State | None, link: Link) -> tuple[Standing, int]:
    """(word, urgency 0..7). A lost link does not hide an alarm: what was last known still stands."""
    if state is not None and is_alarm(state):
        critical = state.run_state == RunState.CRITICAL or Level.CRITICAL in (state.methane_level, state.co_level)
        return "alarm", 0 if critical else 1
    if link == "lost":
        return "lost", 2
    if is_fault(state):
        return "fault", 3
    if state is None:
        return "unknown", _UNKNOWN_URGENCY
    return ("warming", 4) if state.run_state in _WARMING_STATES else ("normal", 7)
