"""How `davy devices`, `events` and `command` say times, names and states. What came from outside is never printed raw."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from davy.codec import EventKind, RunState, State, Status, ValveState
from davy.codec.describe import describe_message, fault_names
from davy.errors import InputError
from davy.monitor.views import DeviceView, EventView
from davy.run.duration import parse_ms


def safe(text: str | None) -> str:
    """A name or text that may be a stranger's: a terminal must not take orders from it."""
    return "" if text is None else text if text.isprintable() else ascii(text)


def local_time(wall_ms: int | None) -> str:
    """`2026-12-01 08:30:00` where this is, "" for none."""
    return f"{datetime.fromtimestamp(wall_ms / 1000):%Y-%m-%d %H:%M:%S}" if wall_ms is not None else ""


def ago(wall_ms: int | None, now_ms: int) -> str:
    """`12 s`, `5 min`, `3 h`, `9 d`."""
    if wall_ms is None:
        return "never"
    seconds = max(0, now_ms - wall_ms) // 1000
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def duration_ms(text: str, option: str) -> int:
    """Of `30m`, `1h`, or seconds as a number. Raises InputError."""
    ms = parse_ms(int(text) if text.isascii() and text.isdigit() else text)
    if ms is None:
        raise InputError(option, f"{text!r} will not do", "such as 90s, 30m or 12h")
    return ms


def event_kind(word: str) -> EventKind:
    """Of `alarm`, `fault_cleared`. Raises InputError."""
    kinds = {kind.name.lower(): kind for kind in EventKind if kind is not EventKind.NONE}
    if word not in kinds:
        raise InputError("--kind", f"{word!r} is none", ", ".join(kinds))
    return kinds[word]


def gas_words(state: State | None) -> tuple[str, str]:
    """(methane, CO): a concentration, or why there is none."""
    if state is None:
        return "", ""
    methane = f"{state.methane_ppm} ppm" if state.methane_ppm is not None else _word(Status, state.methane_status)
    return methane, f"{state.co_ppm} ppm" if state.co_ppm is not None else _word(Status, state.co_status)


def state_words(state: State | None) -> str:
    """What it expresses, and what is latched."""
    if state is None:
        return ""
    word = _word(RunState, state.run_state)
    return f"{word}, latched" if state.latched and state.run_state != RunState.LATCHED else word


def valve_word(state: State | None) -> str:
    """As read back."""
    return "" if state is None else _word(ValveState, state.valve_state)


def device_json(device: DeviceView) -> dict[str, Any]:
    """For `--json`: as the database has it, the newest state with the names of the protocol's fields."""
    found = {name: value for name, value in vars(device).items() if name != "state"}
    if device.state is not None:
        found["state"] = device.state._asdict() | {
            "run_state_word": _word(RunState, device.state.run_state),
            "valve_word": valve_word(device.state),
            "fault_names": fault_names(device.state.faults),
        }
    else:
        found["state"] = None
    return found


def event_json(event: EventView) -> dict[str, Any]:
    """For `--json`."""
    found = {name: value for name, value in vars(event).items() if name != "event"}
    return (
        found
        | {"kind_word": EventKind(event.event.kind).name.lower(), "words": event_words(event)}
        | (event.event._asdict())
    )


def event_words(event: EventView) -> str:
    """The event in a line, without when and who."""
    return describe_message(event.event)


def event_line(event: EventView) -> str:
    """When it came, who it was, what happened."""
    who = safe(event.identifier) or event.source
    return (
        f"{local_time(event.received_ms)}  {who}  session {event.session} #{event.event.number}  {event_words(event)}"
    )


def _word(kind: Any, value: int) -> str:
    return str(kind(value).name.lower().replace("_", " ")) if value in tuple(kind) else str(value)
