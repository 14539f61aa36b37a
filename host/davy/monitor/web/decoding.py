"""Stored frames and numbers into the words of the API. What a newer monitor may have stored is shown as a number, not guessed."""

from __future__ import annotations

from enum import IntEnum

from davy.codec import Event, EventKind, Gas, Level, RunState, SelfTest, State, Status, ValveState
from davy.codec.describe import describe_message, fault_names
from davy.monitor.web import models

#: What `kind` of an event may be, in the order of their numbers.
EVENT_KINDS = tuple(kind.name.lower() for kind in EventKind if kind is not EventKind.NONE)


def word(table: type[IntEnum], number: int | None) -> str | None:
    """A number's name in lower case, or its digits; None for none."""
    if number is None:
        return None
    return table(number).name.lower() if number in tuple(table) else str(number)


def kind_number(name: str) -> int:
    """Of one of EVENT_KINDS."""
    return EventKind[name.upper()]


def kind_word(number: int) -> str:
    """Of an event's kind."""
    return word(EventKind, number) or ""


def gas_word(number: int) -> str:
    """`none`, `methane` or `co`."""
    return word(Gas, number) or ""


def event_text(kind: int, gas: int, detail: int, value: int) -> str:
    """The event in words."""
    if kind not in tuple(EventKind) or gas not in tuple(Gas):
        return f"event of kind {kind}: {detail}, {value}"
    return describe_message(Event(kind, gas, detail, value, 0, 0, None, None))


def device_state(state: State, received_ms: int) -> models.DeviceState:
    """For the API."""
    return models.DeviceState(
        received_ms=received_ms,
        run_state=_word(RunState, state.run_state),
        methane_status=_word(Status, state.methane_status),
        methane_ppm=state.methane_ppm,
        methane_lel_permille=state.methane_lel_permille,
        methane_level=_word(Level, state.methane_level),
        co_status=_word(Status, state.co_status),
        co_ppm=state.co_ppm,
        co_level=_word(Level, state.co_level),
        valve_state=_word(ValveState, state.valve_state),
        valve_commanded_open=bool(state.valve_commanded),
        latched=bool(state.latched),
        faults=fault_names(state.faults),
        muted_s=state.muted_s,
        tampered=bool(state.tampered),
        test=_word(SelfTest, state.test),
        service_days=state.service_days,
        temperature_cdegc=state.temperature_cdegc,
        humidity_permille=state.humidity_permille,
        waiting_events=state.waiting_events,
        lost_events=state.lost_events,
        torn_events=state.torn_events,
        refused_frames=state.refused_frames,
    )


def point(received_ms: int, state: State) -> models.Point:
    """For a plot."""
    return models.Point(
        at_ms=received_ms,
        methane_ppm=state.methane_ppm,
        methane_lel_permille=state.methane_lel_permille,
        co_ppm=state.co_ppm,
    )


def _word(table: type[IntEnum], number: int) -> str:
    return table(number).name.lower()
