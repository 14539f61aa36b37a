"""After flashing: the unit says who it is and what it runs, and tests itself. Each answer is compared with what was put on it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from davy import codec
from davy.errors import DeskError, InputError
from davy.flash.unit_line import ANYONE, UnitLine
from davy.image.manifest import Release
from davy.image.micropython import download_hint

#: From reset to the first answer: boot loader, MicroPython, the program's own start.
HELLO_WITHIN_S = 20.0
#: The longest preheat of the profiles, and an MQ-7's first reading.
WARM_WITHIN_S = 400.0
TEST_WITHIN_S = 90.0
OUTCOME_WITHIN_S = 5.0
_LOOK_S = 2.0
_ASK_EACH_S = 0.2
_NO_PROGRAM = "invalid header: 0x"


@dataclass
class Checked:
    """What the unit told. `wrong` holds a line for each thing that is not as it should be."""

    hello: codec.Hello | None = None
    source: bytes = b""
    state: codec.State | None = None
    failed_items: tuple[str, ...] = ()
    tested: bool = False
    wrong: list[str] = field(default_factory=list)


def ask_hello(line: UnitLine, within_s: float) -> codec.Decoded | None:
    """Who is there; None when nobody answers."""
    return line.ask(codec.Query(ANYONE, codec.QueryKind.HELLO), codec.Hello, within_s)


def check_hello(line: UnitLine, release: Release, identifier: str | None, checked: Checked) -> None:
    """Raises DeskError when the unit does not answer, InputError when the chip has nothing that could."""
    frame = _first_hello(line, release)
    if frame is None:
        said = f" (console: {line.console[-1]})" if line.console else ""
        raise DeskError(
            line.port,
            f"the unit does not answer after the reset{said}",
            "flash it again; if it stays, read its console with mpremote",
        )
    hello = frame.message
    assert isinstance(hello, codec.Hello)
    checked.hello, checked.source = hello, frame.source
    firmware = f"{hello.firmware_major}.{hello.firmware_minor}.{hello.firmware_patch}"
    for what, found, right in (
        ("firmware", firmware, release.firmware),
        ("image", hello.image_hash.hex(), release.image_sha256[:16]),
        ("protocol", f"{hello.schema_checksum:08x}", f"{release.schema_checksum:08x}"),
        ("identifier", hello.identifier, identifier if identifier is not None else hello.identifier),
    ):
        if found != right:
            checked.wrong.append(f"{what} is {found!r}, not {right!r}")


def _first_hello(line: UnitLine, release: Release) -> codec.Decoded | None:
    end_s = time.monotonic() + HELLO_WITHIN_S
    while time.monotonic() < end_s:
        frame = ask_hello(line, _LOOK_S)
        if frame is not None:
            return frame
        if sum(_NO_PROGRAM in text for text in line.console) > 1:
            problem = "the chip holds no MicroPython, and the image is the application alone"
            raise InputError(f"--port {line.port}", problem, f"name {download_hint(release.mcu)} with --micropython")
    return None


def ask_state(line: UnitLine) -> codec.State | None:
    """The unit's state now."""
    frame = line.ask(codec.Query(ANYONE, codec.QueryKind.STATE), codec.State, _LOOK_S)
    return frame.message if frame is not None and isinstance(frame.message, codec.State) else None


def is_warming(state: codec.State) -> bool:
    """Whether a self-test would still be refused, or find a sensor that has no reading yet."""
    starting = state.run_state in (codec.RunState.STARTING, codec.RunState.PREHEAT)
    return starting or codec.Status.WARMING in (state.methane_status, state.co_status)


def run_self_test(line: UnitLine, checked: Checked, tell: Callable[[float | None, str], None]) -> None:
    """Wait until the sensors are warm, start the test, and take its result. Raises DeskError when the unit falls silent."""
    began_s = time.monotonic()
    state = _state(line, checked)
    while is_warming(state) and time.monotonic() - began_s < WARM_WITHIN_S:
        tell(None, f"sensors warm up, {time.monotonic() - began_s:.0f} s")
        time.sleep(_ASK_EACH_S)
        state = _state(line, checked)
    tell(0.5, "the unit tests itself")
    outcome, ended = _test(line, checked)
    if outcome is not codec.Outcome.DONE:
        checked.wrong.append(f"self-test was not begun: {outcome.name.lower() if outcome is not None else 'no answer'}")
        return
    if ended is None:
        checked.wrong.append(f"self-test did not end within {TEST_WITHIN_S:.0f} s")
        return
    checked.tested = True
    checked.failed_items = tuple(item.name.lower() for item in codec.SelfTestItem if ended.detail >> item & 1)
    if checked.failed_items:
        checked.wrong.append(f"self-test failed: {', '.join(checked.failed_items)}")
    _state(line, checked)


def _test(line: UnitLine, checked: Checked) -> tuple[codec.Outcome | None, codec.Event | None]:
    """(what became of the command, the event that ended the test); None for what did not come."""
    outcome = None
    command = codec.plain_command(checked.source, codec.CommandKind.SELF_TEST)
    line.send(command)
    began_s = time.monotonic()
    while time.monotonic() - began_s < TEST_WITHIN_S:
        for frame in line.read():
            event = frame.message
            if not isinstance(event, codec.Event):
                continue
            if event.kind == codec.EventKind.COMMAND:
                outcome = codec.Outcome(event.value)
                if outcome is not codec.Outcome.DONE:
                    return outcome, None
            elif event.kind == codec.EventKind.SELF_TEST:
                return codec.Outcome.DONE, event
        if outcome is None and time.monotonic() - began_s > OUTCOME_WITHIN_S:
            return None, None
    return outcome, None


def _state(line: UnitLine, checked: Checked) -> codec.State:
    for _ in range(5):
        state = ask_state(line)
        if state is not None:
            checked.state = state
            return state
    raise DeskError(line.port, "the unit has fallen silent", "look at its supply, and flash it again")
