"""Commands on the whole firmware: settings that outlive a power cut, the time, and which unit it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from davy.codec import (
    Command,
    CommandKind,
    Event,
    EventKind,
    Fault,
    Outcome,
    Setting,
    encode_frame,
    encode_serial,
    seal_frame,
    seal_key,
)
from davy.identity import Ca, create_ca
from davy.image.settings import Settings
from support.provisioned import IDENTIFIER, Maker, Provisioned, made, several


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Ca:
    return create_ca(tmp_path_factory.mktemp("maker") / "ca")


@pytest.fixture
def provisioned(tmp_path: Path) -> Iterator[Maker]:
    with several(tmp_path) as maker:
        yield maker


class Commander:
    """The monitor, at the unit's wired line."""

    def __init__(self, board: Provisioned, ca: Ca) -> None:
        self.board = board
        self._key = seal_key(ca.proof_secret(IDENTIFIER))
        self._id = 0

    def frame(self, kind: CommandKind, setting: Setting = Setting.NONE, argument: int = 0) -> bytes:
        self._id += 1
        newest = self.board.test.frames[-1]
        command = Command(newest.source, newest.session, self._id, kind, setting, argument)
        return encode_serial(seal_frame(self._key, encode_frame(b"monitor\0", 0, self._id, 0, command)))

    def send(self, data: bytes) -> list[tuple[int | None, Outcome]]:
        """(id, outcome) of the answers since."""
        before = len(self.board.test.messages(Event))
        self.board.test.board.send_serial(data)
        self.board.test.run(3)
        told = [event for event in self.board.test.messages(Event)[before:] if event.kind == EventKind.COMMAND]
        return [(event.command_id, Outcome(event.value)) for event in told]

    def give(self, kind: CommandKind, setting: Setting = Setting.NONE, argument: int = 0) -> Outcome:
        ((own_id, outcome),) = self.send(self.frame(kind, setting, argument))
        assert own_id == self._id
        return outcome


def states_a_minute(board: Provisioned) -> int:
    before = len(board.test.frames)
    board.test.run(60)
    return sum("State(" in str(frame.message) for frame in board.test.frames[before:])


def test_a_setting_is_lived_by_at_once_and_after_a_power_cut(ca: Ca, provisioned: Maker) -> None:
    board = provisioned(made(ca, Settings.wired_only(serial_state_ms=1_000)))
    board.test.run(5)
    assert Commander(board, ca).give(CommandKind.SET, Setting.SERIAL_STATE_MS, 10_000) is Outcome.DONE
    settings = [event for event in board.test.messages(Event) if event.kind == EventKind.SETTINGS]
    assert [(event.detail, event.value) for event in settings] == [(Setting.SERIAL_STATE_MS, 10_000)]
    assert states_a_minute(board) in (5, 6, 7)
    board.boot(30)
    assert states_a_minute(board) in (5, 6, 7)
    assert board.test.state.faults == 0
    assert board.identifier == IDENTIFIER


def test_a_changed_setting_is_no_fault_to_the_checks_and_is_in_both_places(ca: Ca, provisioned: Maker) -> None:
    board = provisioned(made(ca))
    board.test.run(200)
    monitor = Commander(board, ca)
    assert monitor.give(CommandKind.SET, Setting.MQTT_STATE_MS, 5_000) is Outcome.DONE
    assert monitor.give(CommandKind.SELF_TEST) is Outcome.DONE
    board.test.run(60)
    assert not board.test.state.faults >> Fault.SETTINGS & 1
    board.test.cut_power()
    stored = board.stored()["settings"][:-4]
    copy = board.copy()
    assert b'"mqtt_state_ms": 5000' in stored
    assert copy is not None and stored in copy


@pytest.mark.parametrize(
    ("setting", "value", "outcome"),
    [
        (Setting.SERIAL_STATE_MS, 199, Outcome.REFUSED_VALUE),
        (Setting.SERIAL_STATE_MS, 3_600_001, Outcome.REFUSED_VALUE),
        (Setting.MQTT_STATE_MS, 0, Outcome.REFUSED_VALUE),
        (Setting.NONE, 5_000, Outcome.REFUSED_VALUE),
        (Setting.SERIAL_STATE_MS, 1_000, Outcome.NOTHING_TO_DO),
    ],
)
def test_a_value_out_of_its_limits_changes_nothing(
    ca: Ca, provisioned: Maker, setting: Setting, value: int, outcome: Outcome
) -> None:
    board = provisioned(made(ca, Settings.wired_only(serial_state_ms=1_000)))
    board.test.run(5)
    before = board.stored()["settings"]
    assert Commander(board, ca).give(CommandKind.SET, setting, value) is outcome
    assert board.stored()["settings"] == before
    assert not [event for event in board.test.messages(Event) if event.kind == EventKind.SETTINGS]


def test_a_board_without_a_record_has_nowhere_to_keep_a_setting(provisioned: Maker) -> None:
    board = provisioned(None, settings=Settings.wired_only())
    board.test.run(5)
    target = board.test.frames[-1].source
    command = Command(target, 0, 0, CommandKind.SET, Setting.SERIAL_STATE_MS, 5_000)
    board.test.board.send_serial(encode_serial(encode_frame(b"operator", 0, 1, 0, command)))
    board.test.run(3)
    (answer,) = [event for event in board.test.messages(Event) if event.kind == EventKind.COMMAND]
    assert answer.value == Outcome.REFUSED_STORE


def test_a_replayed_command_is_not_done_again_in_the_next_session_either(ca: Ca, provisioned: Maker) -> None:
    board = provisioned(made(ca))
    board.test.run(5)
    monitor = Commander(board, ca)
    data = monitor.frame(CommandKind.IDENTIFY)
    assert monitor.send(data) == [(1, Outcome.DONE)]
    assert monitor.send(data) == []
    assert board.test.state.refused_frames == 1
    board.boot(5)
    assert monitor.send(data) == []
    assert board.test.state.refused_frames == 1


def test_a_unit_shows_which_one_it_is(ca: Ca, provisioned: Maker) -> None:
    board = provisioned(made(ca))
    board.test.run(200)
    assert Commander(board, ca).give(CommandKind.IDENTIFY) is Outcome.DONE
    before = len(board.test.events)
    board.test.run(10)
    lamps = [event.data["colours"] for event in board.test.events[before:] if event.kind == "lamp"]
    assert 95 <= len(lamps) <= 101 and set(lamps) == {"green", "off"}
