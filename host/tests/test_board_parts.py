"""The parts of a board on the whole firmware: other CO sensors, climate, coil, tamper, commands, self-checks, calibration."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from davy.codec import (
    CommandKind,
    Event,
    EventKind,
    Fault,
    Level,
    Outcome,
    SelfTest,
    SelfTestItem,
    State,
    Status,
    ValveState,
)
from davy.image.boardfile import load_board
from davy.image.build import build_image
from davy.image.calibration import Calibration, calibration_of
from davy.image.compile import compile_mpy
from davy.image.settings import Settings
from davy.paths import FIRMWARE
from davy.testing.board_under_test import BoardUnderTest

Maker = Callable[..., BoardUnderTest]


@pytest.fixture
def unit(tmp_path: Path) -> Iterator[Maker]:
    """Makes units on the wired line, and ends them."""
    made: list[BoardUnderTest] = []

    def make(**options: Any) -> BoardUnderTest:
        options.setdefault("settings", Settings.wired_only())
        made.append(BoardUnderTest(tmp_path, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


def has(unit: BoardUnderTest, fault: Fault) -> bool:
    return bool(unit.state.faults & 1 << fault)


def outcome(unit: BoardUnderTest, kind: CommandKind) -> Outcome:
    """Give a command, and see what became of it."""
    unit.command(kind)
    unit.run(3)
    answers = [event for event in unit.messages(Event) if event.kind == EventKind.COMMAND and event.detail == kind]
    return Outcome(answers[-1].value)


@pytest.mark.parametrize("board", ["devkit_ze07", "devkit_cell"])
def test_another_co_sensor_reads_what_is_in_the_air_and_alarms_within_a_minute(unit: Maker, board: str) -> None:
    one = unit(board=board)
    one.run(200)
    assert one.state.co_status == Status.OK
    assert one.state.co_ppm == pytest.approx(0, abs=6)
    one.set_gas(co_ppm=40)
    one.run(90)
    assert one.state.co_ppm == pytest.approx(40, abs=9), "within the spread of uncalibrated cells"
    one.set_gas(co_ppm=400)
    took_s = one.run_until(lambda: one.siren, within_s=60)
    assert took_s < 45
    assert one.state.faults == 0


def test_a_ze07_that_only_answers_is_asked_and_read(unit: Maker) -> None:
    one = unit(board="devkit_ze07")
    one.sensor_fault("co", "only_when_asked")
    one.set_gas(co_ppm=60)
    one.run(240)
    assert one.state.co_ppm == pytest.approx(60, abs=2)
    assert not has(one, Fault.CO_SENSOR)


@pytest.mark.parametrize("fault", ["silent", "garbled"])
def test_a_ze07_that_cannot_be_understood_is_a_fault_within_30_s_and_no_number(unit: Maker, fault: str) -> None:
    one = unit(board="devkit_ze07")
    one.run(200)
    one.sensor_fault("co", fault)
    one.run(29)
    assert has(one, Fault.CO_SENSOR)
    assert (one.state.co_status, one.state.co_ppm) == (Status.SILENT, None)
    one.sensor_fault("co", None)
    one.run(30)
    assert one.state.co_ppm == 0
    assert not has(one, Fault.CO_SENSOR)


def test_over_500_ppm_at_a_ze07_is_over_range_and_an_alarm(unit: Maker) -> None:
    one = unit(board="devkit_ze07")
    one.run(200)
    one.set_gas(co_ppm=2_000)
    one.run(40)
    assert (one.state.co_status, one.state.co_ppm, one.state.co_level) == (Status.SATURATED, None, Level.CRITICAL)


@pytest.mark.parametrize("board", ["devkit_ze07", "devkit_cell"])
def test_temperature_and_humidity_are_read_and_taken_out_of_the_readings(unit: Maker, board: str) -> None:
    one = unit(board=board)
    one.set_climate(2.0, 40.0)
    one.set_gas(methane_ppm=3_000)
    one.run(240)
    assert one.state.climate_status == Status.OK
    assert one.state.temperature_cdegc == pytest.approx(200, abs=3)
    assert one.state.humidity_permille == pytest.approx(400, abs=2)
    cold_ppm = one.state.methane_ppm
    one.set_climate(35.0, 70.0)
    one.run(30)
    assert one.state.methane_ppm == pytest.approx(cold_ppm, rel=0.06)


@pytest.mark.parametrize("fault", ["silent", "garbled"])
def test_a_climate_part_that_fails_is_a_fault_and_the_worst_is_assumed(unit: Maker, fault: str) -> None:
    one = unit()
    one.set_gas(methane_ppm=2_000)
    one.run(240)
    before_ppm = one.state.methane_ppm
    one.climate_fault(fault)
    one.run(40)
    assert has(one, Fault.CLIMATE)
    assert (one.state.climate_status, one.state.temperature_cdegc) == (Status.SILENT, None)
    assert before_ppm is not None
    assert one.state.methane_ppm is not None
    assert one.state.methane_ppm > 1.7 * before_ppm


def test_an_open_coil_is_not_connected_and_a_short_one_is_let_go(unit: Maker) -> None:
    one = unit()
    one.make_ready()
    one.valve_fault("coil_open")
    one.run(10)
    assert has(one, Fault.VALVE_COIL)
    assert one.state.valve_state in (ValveState.NOT_CONNECTED, ValveState.CLOSED)
    assert one.valve == "closed"
    two = unit(seed=2)
    two.make_ready()
    two.valve_fault("coil_short")
    two.run(10)
    assert has(two, Fault.VALVE_CURRENT)
    assert not two.board.relay_on


def test_a_welded_relay_is_told_while_the_valve_should_be_shut(unit: Maker) -> None:
    one = unit()
    one.make_ready()
    one.valve_fault("relay_welded")
    assert outcome(one, CommandKind.CLOSE_VALVE) == Outcome.DONE
    one.run(10)
    assert one.valve == "open", "nothing the firmware can do"
    assert has(one, Fault.RELAY)
    assert has(one, Fault.VALVE_FEEDBACK)


def test_a_relay_pad_that_does_not_follow_is_told(unit: Maker) -> None:
    one = unit()
    one.make_ready()
    one.board.periphery.hold_relay_pad(0)
    one.run(10)
    assert has(one, Fault.RELAY)


def test_a_leaking_valve_is_told(unit: Maker) -> None:
    one = unit(ventilation_ach=0.1)
    one.make_ready()
    one.valve_fault("leaking")
    one.leak(25)
    one.run_until(lambda: one.valve == "closed", within_s=1_200)
    one.run(600)
    assert has(one, Fault.VALVE_LEAKING)


def test_an_open_case_is_told(unit: Maker) -> None:
    one = unit()
    one.run(200)
    one.set_case(True)
    one.run(3)
    assert one.state.tampered == 1
    one.set_case(False)
    one.run(3)
    assert [event.detail for event in one.messages(Event) if event.kind == EventKind.TAMPER] == [1, 0]


def test_commands_over_the_wired_line_close_and_test_and_never_open(unit: Maker) -> None:
    one = unit()
    one.make_ready()
    one.run(150)
    assert outcome(one, CommandKind.MUTE) == Outcome.NOTHING_TO_DO
    assert outcome(one, CommandKind.SELF_TEST) == Outcome.DONE
    assert outcome(one, CommandKind.SELF_TEST) == Outcome.REFUSED_BUSY
    one.run(20)
    assert one.state.test == SelfTest.PASSED, one.console
    tested = [event for event in one.messages(Event) if event.kind == EventKind.SELF_TEST][-1]
    assert (tested.detail, tested.value) == (0, (1 << SelfTestItem.VALVE_MOVES) - 1)
    assert one.valve == "open"
    assert outcome(one, CommandKind.CLOSE_VALVE) == Outcome.DONE
    assert one.valve == "closed"
    for kind in CommandKind:
        if kind:
            outcome(one, kind)
    assert one.valve == "closed"


def test_a_command_for_another_unit_or_with_a_wrong_byte_has_no_effect(unit: Maker) -> None:
    from davy.codec import encode_frame, encode_serial, plain_command

    one = unit()
    one.make_ready()
    own = (one.board.mac + bytes(8))[:8]
    foreign = encode_frame(b"operator", 0, 1, 0, plain_command(b"\x02" * 8, CommandKind.CLOSE_VALVE))
    good = bytearray(encode_frame(b"operator", 0, 2, 0, plain_command(own, CommandKind.CLOSE_VALVE)))
    good[30] ^= 1
    for frame in (foreign, bytes(good)):
        one.board.send_serial(encode_serial(frame))
        one.run(3)
    assert one.valve == "open"


VIRTUAL = load_board("virtual")
WRITTEN = build_image(VIRTUAL, Settings.wired_only()).files


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        ({"checks/__init__.mpy": None}, Fault.IMAGE),
        ({"version.mpy": WRITTEN["version.mpy"] + b"\0"}, Fault.IMAGE),
        ({"image.json": None}, Fault.IMAGE),
        ({"settings.json": Settings.wired_only(2_000).to_json_bytes()}, Fault.SETTINGS),
        ({"calibration.json": calibration_of(VIRTUAL, {"methane": 20_500}).to_json_bytes()}, Fault.SETTINGS),
        ({"crc.json": None}, Fault.SETTINGS),
    ],
    ids=["file gone", "file changed", "no image.json", "settings changed", "calibration changed", "no checksums"],
)
def test_files_that_are_not_what_was_written_are_a_fault_with_its_own_code(
    unit: Maker, spoil: dict[str, bytes | None], fault: Fault
) -> None:
    one = unit(spoil=spoil)
    one.run(30)
    assert one.state.faults == 1 << fault, one.console
    one.set_gas(methane_ppm=30_000)
    one.run_until(lambda: one.siren, within_s=120)


def test_a_number_of_the_profile_that_changes_in_memory_is_a_fault_within_the_hour(unit: Maker) -> None:
    spoiler = (FIRMWARE / "checks" / "clocks.py").read_text().replace(
        "        before, self._ticks",
        "        from safety.profile import PROFILES\n"
        "        PROFILES['gb15322_household']['mute_ms'] += self._ticks >= 0\n"
        "        before, self._ticks",
        1,
    )  # fmt: skip
    one = unit(spoil={"checks/clocks.mpy": compile_mpy("checks/clocks.py", spoiler.encode())})
    one.run(30)
    assert one.state.faults == 1 << Fault.IMAGE
    one.run(3_600)
    assert has(one, Fault.SETTINGS)


@pytest.mark.parametrize("permille", [800, 1_250, 0])
def test_two_time_bases_that_part_are_a_fault_within_two_minutes(unit: Maker, permille: int) -> None:
    one = unit()
    one.run(130)
    assert not has(one, Fault.CLOCK)
    one.board.periphery.set_slow_clock(permille)
    one.run(125)
    assert has(one, Fault.CLOCK)


def test_an_adc_reference_that_is_off_is_a_fault(unit: Maker) -> None:
    one = unit()
    one.run(30)
    one.board.periphery.wired.reference_uv = 1_400_000
    one.run(5)
    assert has(one, Fault.ADC_REFERENCE)


@pytest.mark.parametrize(
    "calibration",
    [
        b"{}",
        b"not json",
        b'{"methane": {"part": "mq6", "r0_ohm": 20000}}',
        b'{"methane": {"part": "mq4", "r0_ohm": 200}}',
    ],
    ids=["missing", "no JSON", "of another sensor", "out of range"],
)
def test_a_unit_without_its_methane_calibration_says_so_and_still_alarms_on_co(unit: Maker, calibration: bytes) -> None:
    one = unit(board="devkit_ze07", spoil={"calibration.json": calibration})
    one.run(200)
    assert (one.state.methane_status, one.state.methane_ppm) == (Status.UNCALIBRATED, None)
    assert has(one, Fault.METHANE_SENSOR)
    one.set_gas(co_ppm=400)
    one.run_until(lambda: one.siren and one.state.co_level == Level.CRITICAL, within_s=60)


def test_a_unit_without_its_co_calibration_still_alarms_on_methane(unit: Maker) -> None:
    one = unit(calibration=Calibration(calibration_of(load_board("virtual"), {}).methane))
    one.run(200)
    assert one.state.co_status == Status.UNCALIBRATED
    one.press_button()
    one.run(2)
    one.set_gas(methane_ppm=20_000)
    one.run_until(lambda: one.valve == "closed", within_s=30)


def test_hours_of_service_memory_and_latch_outlive_a_power_cut(unit: Maker) -> None:
    one = unit()
    one.make_ready()
    one.run(3_700)
    one.set_gas(methane_ppm=20_000)
    one.run(30)
    one.cut_power()
    one.set_gas(methane_ppm=2)
    one.run(10)
    one.restore_power()
    one.run(5)
    assert one.board.nvs.get_i32("davy", "hours") == 1
    assert (one.state.latched, one.state.alarm_memory, one.state.service_days) == (1, 1, 1_825)


def test_the_state_report_holds_what_a_monitor_needs(unit: Maker) -> None:
    one = unit()
    one.run(10)
    assert isinstance(one.state, State)
    assert (one.state.muted_s, one.state.test, one.state.tampered, one.state.alarm_memory) == (0, 0, 0, 0)
