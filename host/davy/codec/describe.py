"""A frame in one line, for timelines and consoles."""

from __future__ import annotations

from davy.codec.decoded import Decoded, Rejected
from davy.codec.generated import (
    Ack,
    Challenge,
    Command,
    CommandKind,
    Event,
    EventKind,
    Fault,
    Gas,
    Hello,
    Level,
    Message,
    Outcome,
    Proof,
    Query,
    QueryKind,
    Readings,
    Result,
    RunState,
    SelfTestItem,
    Setting,
    State,
    Status,
    ValveState,
)
from protocol import messages

_GAS_WORDS = {Gas.NONE: "", Gas.METHANE: "methane", Gas.CO: "CO"}


def describe(frame: Decoded | Rejected) -> str:
    """What a frame says, without its header."""
    return f"rejected: {frame.text}" if isinstance(frame, Rejected) else describe_message(frame.message)


def describe_message(message: Message) -> str:
    """What a message says."""
    if isinstance(message, Hello):
        version = f"{message.firmware_major}.{message.firmware_minor}.{message.firmware_patch}"
        return f"hello from {message.identifier or 'a unit without identifier'}, firmware {version}"
    if isinstance(message, State):
        return _state(message)
    if isinstance(message, Event):
        return _event(message)
    if isinstance(message, Command):
        return f"command to {message.target.hex()}: {_words(CommandKind(message.command).name)}"
    if isinstance(message, Query):
        return f"query to {_target(message.target)}: {_words(QueryKind(message.what).name)}"
    if isinstance(message, Challenge):
        return f"challenge to {_target(message.target)}"
    if isinstance(message, Proof):
        return f"proof, certificate {message.certificate.hex() if any(message.certificate) else 'none'}"
    if isinstance(message, Readings):
        methane, co = (f"{uv} uV" if uv is not None else "no voltage" for uv in (message.methane_uv, message.co_uv))
        return f"readings: methane {methane}, CO {co}"
    assert isinstance(message, Ack)
    return f"ack of session {message.acked_session} seq {message.acked_seq}: {Result(message.result).name.lower()}"


def fault_names(faults: int) -> list[str]:
    """Names of the bits that are set."""
    return [bit.name.lower() for bit in Fault if faults >> bit & 1]


def item_names(items: int) -> list[str]:
    """Names of a self-test's items whose bits are set."""
    return [item.name.lower() for item in SelfTestItem if items >> item & 1]


def _target(target: bytes) -> str:
    return "whoever is on this line" if target == messages.ANYONE else target.hex()


def _words(name: str) -> str:
    return name.lower().replace("_", " ")


def _state(state: State) -> str:
    methane = f"{state.methane_ppm} ppm" if state.methane_ppm is not None else _words(Status(state.methane_status).name)
    co = f"{state.co_ppm} ppm" if state.co_ppm is not None else _words(Status(state.co_status).name)
    faults = ", faults: " + ", ".join(fault_names(state.faults)) if state.faults else ""
    return (
        f"{_words(RunState(state.run_state).name)}: methane {methane}, CO {co}, "
        f"valve {_words(ValveState(state.valve_state).name)}{', latched' if state.latched else ''}{faults}"
    )


def _event(event: Event) -> str:
    kind, gas = EventKind(event.kind), _GAS_WORDS[Gas(event.gas)]
    if kind is EventKind.BOOT:
        return f"boot, reset cause {event.detail}{_kept_words(event.value)}"
    if kind is EventKind.ALARM:
        level = Level(event.detail).name.lower() if event.detail in tuple(Level) else f"level {event.detail}"
        return f"ALARM {gas} {level} at {event.value} ppm"
    if kind is EventKind.CLEAR:
        return f"{gas} clear at {event.value} ppm"
    if kind in (EventKind.FAULT, EventKind.FAULT_CLEARED):
        name = _words(Fault(event.detail).name) if event.detail in tuple(Fault) else f"bit {event.detail}"
        if kind is EventKind.FAULT_CLEARED:
            return f"fault cleared: {name}"
        known = event.value in tuple(Status) and event.value != Status.OK
        return f"FAULT {name}{f' ({_words(Status(event.value).name)})' if known else ''}"
    if kind is EventKind.VALVE:
        state = _words(ValveState(event.detail).name) if event.detail in tuple(ValveState) else str(event.detail)
        return f"valve {state}"
    if kind is EventKind.BUTTON:
        return "button held long" if event.detail else "button pressed"
    if kind is EventKind.LOSS:
        return f"{event.value} events lost"
    if kind is EventKind.SELF_TEST:
        return f"self-test failed: {', '.join(item_names(event.detail))}" if event.detail else "self-test passed"
    if kind is EventKind.COMMAND:
        command = _words(CommandKind(event.detail).name) if event.detail in tuple(CommandKind) else str(event.detail)
        outcome = _words(Outcome(event.value).name) if event.value in tuple(Outcome) else str(event.value)
        return f"command {command}: {outcome}"
    if kind is EventKind.TAMPER:
        return "case opened" if event.detail else "case closed"
    if kind is EventKind.END_OF_SERVICE:
        return f"end of service after {event.value} h"
    if kind is EventKind.SETTINGS:
        setting = _words(Setting(event.detail).name) if event.detail in tuple(Setting) else str(event.detail)
        return f"setting {setting} is now {event.value}"
    return _words(kind.name)


def _kept_words(bits: int) -> str:
    words = [
        word for bit, word in enumerate(("alarm latched", "methane was critical", "CO was critical")) if bits >> bit & 1
    ]
    return f" ({', '.join(words)})" if words else ""
