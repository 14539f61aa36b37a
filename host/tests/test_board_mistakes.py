"""A board file with a mistake: the host refuses it (test_boardfile.py); a board that got it all the same alarms on what works."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from davy.codec import Fault, Level
from davy.image.boardfile import load_board
from davy.image.chips import CHIPS
from davy.paths import FIRMWARE
from davy.testing.board_under_test import BoardUnderTest

BOARD = json.loads(load_board("virtual").to_json_bytes())


def with_mistake(key: str, value: Any) -> bytes:
    board = json.loads(json.dumps(BOARD))
    table, _, name = key.partition(".")
    if name:
        board[table][name] = value
    else:
        board[table] = value
    return json.dumps(board).encode()


@pytest.mark.parametrize(
    ("key", "value", "said", "faults", "still"),
    [
        ("co.adc_pin", 25, "co: ValueError('GPIO25 is not on ADC1'", {Fault.CO_SENSOR}, "methane"),
        ("co.adc_pin", 34, "co: ValueError('GPIO34 is taken by methane'", {Fault.CO_SENSOR}, "methane"),
        ("co.load_ohm", "20k", "co: TypeError", {Fault.CO_SENSOR}, "methane"),
        ("co.part", "mq9", "co: ValueError(\"part 'mq9'", {Fault.CO_SENSOR}, "methane"),
        ("co.heater_pin", 39, "co: ValueError('pin can only be input'", {Fault.CO_SENSOR}, "methane"),
        ("methane.adc_pin", 25, "methane: ValueError('GPIO25 is not on ADC1'", {Fault.METHANE_SENSOR}, "co"),
        ("methane", None, "davy: board.json: methane: ", {Fault.METHANE_SENSOR}, "co"),
        ("methane.divider_bottom_ohm", 0, "methane: ZeroDivisionError", {Fault.METHANE_SENSOR}, "co"),
        ("valve.relay_pin", 12, "valve: GPIO12 is a strapping pin", set(), "methane"),
        ("valve.relay_pin", 34, "valve: ValueError('pin can only be input'", {Fault.RELAY}, "methane"),
        ("valve.kind", "magnet", "valve.kind: KeyError('magnet'", set(), "methane"),
        ("lamp.red_pin", 33, "lamp.red: ValueError('GPIO33 is taken by siren'", set(), "methane"),
        ("button.pin", 33, "button: ValueError('GPIO33 is taken by siren'", set(), "methane"),
        ("climate.scl_pin", 34, "climate: ValueError('GPIO34 is taken by methane'", {Fault.CLIMATE}, "methane"),
        ("serial.baud", None, "serial: ", set(), "methane"),
        ("profile", "gb1999", "profile 'gb1999' is not known", set(), "methane"),
    ],
)
def test_a_part_that_cannot_be_used_is_a_fault_and_the_others_alarm(
    tmp_path: Path, key: str, value: Any, said: str, faults: set[Fault], still: str
) -> None:
    one = BoardUnderTest(tmp_path, spoil={"board.json": with_mistake(key, value)})
    try:
        one.run(200)
        assert any(said in line for line in one.console), one.console
        if key != "serial.baud":  # without the line there is no report, only lamp and siren
            for fault in {Fault.SETTINGS, *faults}:
                assert one.state.faults >> fault & 1, one.console
        assert "yellow" in one.lamp
        one.set_gas(**{f"{still}_ppm": 20_000 if still == "methane" else 400})
        if key == "serial.baud":
            one.run_until(lambda: one.siren and "red" in one.lamp, within_s=30)
        else:
            one.run_until(lambda: getattr(one.state, f"{still}_level") == Level.CRITICAL, within_s=200)
            one.run_until(lambda: one.siren, within_s=2)
    finally:
        one.close()


def test_without_any_board_data_the_board_says_so_and_touches_nothing(tmp_path: Path) -> None:
    one = BoardUnderTest(tmp_path, spoil={"board.json": b"{"})
    try:
        one.run(20)
        assert any("no usable board.json" in line for line in one.console)
        assert (one.valve, one.siren) == ("closed", False)
    finally:
        one.close()


def test_the_firmware_and_the_host_know_the_same_of_each_chip() -> None:
    spec = importlib.util.spec_from_file_location("fitting", FIRMWARE / "fitting.py")
    assert spec is not None and spec.loader is not None
    fitting = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fitting)
    assert {name: (chip.adc1, chip.strapping) for name, chip in CHIPS.items()} == fitting._CHIPS
