"""The board's side of reporting: bounded, stubborn, and never in the way of the safety loop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from davy.board.events import BoardEvent
from davy.board.network import AccessPoint
from davy.board.plant import Plant
from davy.board.room import RoomConfig
from davy.board.virtual import VirtualBoard
from davy.codec import Ack, Decoded, Event, EventKind, Hello, Result, State, encode_frame, encode_serial
from davy.image.boardfile import load_board
from davy.image.build import build_image
from davy.image.settings import Settings
from davy.testing.board_under_test import BoardUnderTest
from protocol import messages
from support.switch import Switch

CONNACK = b"\x20\x02\x00\x00"


class Setup:
    def __init__(self, folder: Path, port: int, settings: Settings | None = None) -> None:
        self.events: list[BoardEvent] = []
        spec = load_board("virtual")
        self.plant = Plant(spec, RoomConfig(), 1)
        self.board = VirtualBoard(
            spec,
            build_image(spec, settings or Settings()),
            self.plant,
            flash=folder / "flash.bin",
            access_point=AccessPoint({"broker.davy.lan": ("127.0.0.1", port)}, monitored=False),
            on_event=self.events.append,
        )
        self.board.power_on()

    def console(self) -> list[str]:
        return [event.data["text"] for event in self.events if event.kind == "console"]

    def messages(self, kind: type[Any]) -> list[Any]:
        frames = [event.data["frame"] for event in self.events if event.kind == "frame"]
        return [f.message for f in frames if isinstance(f, Decoded) and isinstance(f.message, kind)]


@pytest.fixture
def peers(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Switch]]:
    monkeypatch.setattr("davy.board.network.PATIENCE_S", 0.3)
    made: list[Switch] = []
    yield made
    for peer in made:
        peer.close()


NONSENSE = {
    "garbage": (b"\xff" * 64, "broken packet length"),
    "length": (b"\x20\xff\xff\xff\xff\x7f", "broken packet length"),
    "huge": (b"\x20\xff\xff\x7f" + bytes(64), "at most 1024"),
    "refused": (b"\x20\x02\x00\x05", "broker refuses, code 5"),
    "short CONNACK": (b"\x20\x01\x00", "no CONNACK"),
    "malformed publish": (CONNACK + b"\x32\x01\x00", "malformed publish"),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_a_broker_that_talks_nonsense_is_left_with_a_reason_and_the_alarm_works(
    name: str, tmp_path: Path, peers: list[Switch]
) -> None:
    data, reason = NONSENSE[name]
    peers.append(Switch(lambda connection: connection.sendall(data)))
    setup = Setup(tmp_path, peers[0].port)
    with setup.board as board:
        board.run_for(185)
        setup.plant.force_ppm("methane", 15_000)
        board.run_for(30)
        assert board.siren_on
    assert any(reason in line for line in setup.console()), setup.console()
    assert not any("Traceback" in line for line in setup.console())


def test_a_broker_that_accepts_and_goes_silent_delays_no_step(tmp_path: Path, peers: list[Switch]) -> None:
    peers.append(Switch(lambda connection: None))
    # A numeric address: a look-up by name would block, which is another matter.
    from davy.image.settings import Broker

    setup = Setup(tmp_path, peers[0].port, Settings(broker=Broker(host="198.51.100.1")))
    with setup.board as board:
        board.run_for(120)
    assert any("no CONNACK within 10000 ms" in line for line in setup.console())
    assert all(state.faults == 0 for state in setup.messages(State)), "no step came late"


def test_the_wired_line_says_hello_each_event_once_and_the_state_each_second(tmp_path: Path) -> None:
    setup = Setup(tmp_path, 1, Settings.wired_only())
    with setup.board as board:
        board.run_for(170)
        setup.plant.force_ppm("methane", 15_000)
        board.run_for(30)
    assert len(setup.messages(Hello)) == 1
    hello = setup.messages(Hello)[0]
    assert hello.schema_checksum == messages.schema_checksum()
    assert hello.image_hash != bytes(8)
    assert 198 <= len(setup.messages(State)) <= 200
    kinds = [event.kind for event in setup.messages(Event)]
    assert kinds.count(EventKind.BOOT) == 1
    assert kinds.count(EventKind.LATCHED) == 1
    frames = [event.data["frame"] for event in setup.events if event.kind == "frame"]
    assert [frame.seq for frame in frames] == list(range(len(frames))), "one count over all frames, without a gap"


def test_a_fresh_unit_is_not_latched_and_says_so(tmp_path: Path) -> None:
    setup = Setup(tmp_path, 1, Settings.wired_only())
    with setup.board as board:
        board.run_for(190)
    assert {state.latched for state in setup.messages(State)} == {0}
    assert board.lamp == "off", "the power is gone with the process"


def test_nothing_that_comes_over_the_wired_line_opens_the_valve(tmp_path: Path) -> None:
    setup = Setup(tmp_path, 1, Settings.wired_only())
    with setup.board as board:
        board.run_for(190)
        for message in (
            Ack(bytes(8), 1, 1, Result.STORED),
            Event(8, 0, 0, 0, 0, 0, None, None),
            State(2, 0, 5, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1_825, 0, 10, None, None, 0, 0, 0),
        ):
            board.send_serial(encode_serial(encode_frame(bytes(8), 1, 1, 1, message)))
            board.run_for(5)
        board.send_serial(bytes(range(256)) * 8)
        board.run_for(5)
        assert not board.relay_on


def test_an_outage_longer_than_the_journal_loses_the_least_and_says_how_many(tmp_path: Path) -> None:
    setup = Setup(tmp_path, 1)
    with setup.board as board:
        board.run_for(185)
        for _ in range(140):
            board.press_button(300)
            board.run_for(2)
        board.run_for(5)
    losses = [event for event in setup.messages(Event) if event.kind == EventKind.LOSS]
    assert losses
    assert all(event.value > 0 for event in losses)


def test_an_event_whose_telling_fails_for_want_of_memory_is_told_later_and_once(tmp_path: Path) -> None:
    failing = b"""
from report.journal import Journal
put, left = Journal.put, [2]
def scarce(journal, frame):
    if left[0]:
        left[0] -= 1
        raise MemoryError
    put(journal, frame)
Journal.put = scarce
from wiring import start
start()
"""
    board = BoardUnderTest(tmp_path, settings=Settings(), spoil={"main.py": failing})
    try:
        board.run(30)
        told = [(EventKind(event.kind), event.number) for event in board.messages(Event)]
    finally:
        board.close()
    assert sum("a report failed" in line for line in board.console) == 2
    assert told[0] == (EventKind.BOOT, 0)
    assert [number for _, number in told] == list(range(len(told))), "nothing looks lost"
    assert [kind for kind, _ in told].count(EventKind.BOOT) == 1
