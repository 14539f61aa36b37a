"""A board's console in virtual time: questions of the product protocol, and a person who interrupts the program."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from davy import codec
from davy.board.virtual import HARD_RESET, PWRON_RESET, SOFT_RESET, WDT_RESET
from davy.testing.board_under_test import BoardUnderTest

ANYONE = bytes(8)


class Person:
    """At a terminal of the board."""

    def __init__(self, one: BoardUnderTest) -> None:
        self.one = one
        self.heard = b""
        one.board.console.listener = self._hear

    def _hear(self, data: bytes) -> None:
        self.heard += data

    def type(self, data: bytes, then_s: float = 1.0) -> bytes:
        """What came back within then_s."""
        before = len(self.heard)
        self.one.board.console.type(data)
        self.one.run(then_s)
        return self.heard[before:]

    def ask(self, message: codec.Message, then_s: float = 1.0) -> list[codec.Decoded]:
        frame = codec.encode_frame(b"person00", 0, 1, 0, message)
        said = self.type(b"~" + base64.b64encode(frame) + b"\n", then_s)
        return frames(said)


def frames(said: bytes) -> list[codec.Decoded]:
    found = [codec.decode_frame(base64.b64decode(line[1:])) for line in said.splitlines() if line.startswith(b"~")]
    assert all(isinstance(frame, codec.Decoded) for frame in found)
    return found  # type: ignore[return-value]


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    one = BoardUnderTest(tmp_path)
    found = Person(one)
    one.run(40)
    yield found
    one.close()


def boots(person: Person) -> list[int]:
    return [event.data["cause"] for event in person.one.events if event.kind == "boot"]


def test_who_asks_at_the_console_is_told_who_and_how_it_is(person: Person) -> None:
    (hello,) = person.ask(codec.Query(ANYONE, codec.QueryKind.HELLO))
    assert isinstance(hello.message, codec.Hello) and hello.message.identifier == "88.118.8/GA26000001"
    (state,) = person.ask(codec.Query(hello.source, codec.QueryKind.STATE))
    assert isinstance(state.message, codec.State) and state.message.run_state == codec.RunState.PREHEAT


def test_events_are_told_there_for_a_minute_after_a_question_and_to_nobody_else(person: Person) -> None:
    person.one.set_case(True)
    person.one.run(3)
    assert frames(person.heard) == []
    person.ask(codec.Query(ANYONE, codec.QueryKind.HELLO))
    before = len(person.heard)
    person.one.set_case(False)
    person.one.run(3)
    (event,) = frames(person.heard[before:])
    assert isinstance(event.message, codec.Event) and event.message.kind == codec.EventKind.TAMPER
    person.one.run(60)
    before = len(person.heard)
    person.one.set_case(True)
    person.one.run(3)
    assert frames(person.heard[before:]) == []


def test_a_command_needs_the_units_own_address(person: Person) -> None:
    person.one.run(160)
    (hello,) = person.ask(codec.Query(ANYONE, codec.QueryKind.HELLO))
    assert person.ask(codec.plain_command(ANYONE, codec.CommandKind.SELF_TEST)) == []
    told = person.ask(codec.plain_command(hello.source, codec.CommandKind.SELF_TEST))
    events = [frame.message for frame in told if isinstance(frame.message, codec.Event)]
    assert [(event.kind, event.value) for event in events] == [(codec.EventKind.COMMAND, codec.Outcome.DONE)]


def test_noise_and_broken_lines_stop_nothing(person: Person) -> None:
    for noise in (b"\xff\xfe\x00\x80\n", b"~!!!\n", b"~AAAA\n", b"~" + b"A" * 5_000 + b"\n", b"hello\r\n", b"\n" * 300):
        person.type(noise)
    (hello,) = person.ask(codec.Query(ANYONE, codec.QueryKind.HELLO))
    assert isinstance(hello.message, codec.Hello)
    assert not any("Traceback" in line for line in person.one.console)


def test_a_line_without_an_end_takes_no_memory(person: Person) -> None:
    for _ in range(200):
        person.type(b"~" + b"A" * 999, 0.1)
    person.type(b"\n")
    (hello,) = person.ask(codec.Query(ANYONE, codec.QueryKind.HELLO))
    assert isinstance(hello.message, codec.Hello)
    assert not any("MemoryError" in line for line in person.one.console)


def test_a_soft_reset_does_not_disarm_the_watchdog(tmp_path: Path) -> None:
    one = BoardUnderTest(tmp_path, spoil={"boot.py": b""})
    person = Person(one)
    try:
        one.run(10)
        for typed in (b"\x03", b"\x01", b"\x04"):
            person.type(typed)
        assert boots(person) == [PWRON_RESET, SOFT_RESET]
        one.run(9)
        assert boots(person) == [PWRON_RESET, SOFT_RESET, WDT_RESET]
    finally:
        one.close()


def test_a_program_that_is_interrupted_still_guards(person: Person) -> None:
    person.one.run(160)
    person.one.press_button()
    person.one.run(2)
    assert person.one.valve == "open"
    assert b">>> " in person.type(b"\x03")
    person.one.set_gas(methane_ppm=20_000)
    person.one.run_until(lambda: person.one.siren and person.one.valve == "closed", within_s=30)
    assert b"\r\n42\r\n" in person.type(b"6 * 7\r")
    assert boots(person) == [PWRON_RESET]


def test_without_its_program_a_board_waits_ten_minutes_for_a_person_and_then_guards_again(person: Person) -> None:
    person.type(b"\x03")
    assert b"raw REPL; CTRL-B to exit\r\n>" in person.type(b"\x01")
    said = person.type(b"\x04", 2)
    assert b"MPY: soft reboot\r\n" in said and said.endswith(b"raw REPL; CTRL-B to exit\r\n>")
    assert boots(person) == [PWRON_RESET, SOFT_RESET]
    person.one.run(590)
    assert person.type(b"print(1)\x04") == b"OK1\r\n\x04\x04>"
    assert (boots(person), person.one.valve) == ([PWRON_RESET, SOFT_RESET], "closed")
    person.one.run(20)
    assert boots(person) == [PWRON_RESET, SOFT_RESET, WDT_RESET]
    (hello,) = person.ask(codec.Query(ANYONE, codec.QueryKind.HELLO))
    assert isinstance(hello.message, codec.Hello) and hello.message.reset_cause == 3


def test_a_soft_reset_at_the_friendly_prompt_runs_the_program_again(person: Person) -> None:
    person.type(b"\x03")
    assert b"MPY: soft reboot" in person.type(b"\x04", 5)
    (hello,) = person.ask(codec.Query(ANYONE, codec.QueryKind.HELLO))
    assert isinstance(hello.message, codec.Hello) and hello.message.reset_cause == SOFT_RESET
    # The program's own eight seconds count again.
    person.type(b"\x03")
    person.type(b"import machine; machine.reset()\r", 5)
    assert boots(person)[-1] == HARD_RESET
