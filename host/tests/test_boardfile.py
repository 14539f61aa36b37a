"""Board files: what ships is sound, and what the chip cannot do is refused with the reason."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from davy.errors import InputError
from davy.image.boardfile import load_board, parse_board
from davy.image.calibration import calibration_of, load_calibration, nominal
from davy.paths import BOARDS

GOOD = (BOARDS / "virtual" / "board.toml").read_text()


@pytest.mark.parametrize("name", sorted(path.parent.name for path in BOARDS.glob("*/board.toml")))
def test_every_shipped_board_is_sound_and_named_after_its_folder(name: str) -> None:
    spec = load_board(name)
    assert spec.name == name
    assert json.loads(spec.to_json_bytes())["valve"]["relay_pin"] == spec.valve.relay_pin
    assert load_board(BOARDS / name) == spec


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("adc_pin = 34", "adc_pin = 25"), r"b: methane\.adc_pin: GPIO25 is taken|GPIO25 is not on ADC1; ADC1 is 32\.\.39"),
        (("adc_pin = 34", "adc_pin = 4"), r"b: methane\.adc_pin: GPIO4 is not on ADC1; ADC1 is 32\.\.39; ADC2 fails"),
        (("relay_pin = 26", "relay_pin = 12"), r"b: valve\.relay_pin: GPIO12 is a strapping pin; it glitches at reset"),
        (("relay_pin = 26", "relay_pin = 36"), r"b: valve\.relay_pin: GPIO36 is input only"),
        (("relay_pin = 26", "relay_pin = 7"), r"b: valve\.relay_pin: GPIO7 is not a free pin of the ESP32"),
        (("relay_pin = 26", "relay_pin = 33"), r"b: siren\.pin: GPIO33 is taken by valve\.relay_pin; one pin for one part"),
        (("relay_pin = 26", "relay_pn = 26"), r"b: \[valve\]: 'relay_pn' is not a key here; did you mean 'relay_pin'"),
        (("relay_pin = 26\n", ""), r"b: valve\.relay_pin: is missing; a whole number"),
        (("relay_active = 1", "relay_active = 2"), r"b: valve\.relay_active: 2 will not do; a whole number from 0 to 1"),
        (("relay_active = 1", "relay_active = true"), r"b: valve\.relay_active: True will not do"),
        (('kind = "held_nc"', 'kind = "ball"'), r"b: valve\.kind: 'ball' will not do; one of held_nc"),
        (("divider_top_ohm = 12000", "divider_top_ohm = 0"), r"b: methane\.divider_top_ohm: lets 5\.00 V reach the pin"),
        (('mcu = "esp32"', 'mcu = "esp8266"'), r"b: mcu: 'esp8266' will not do; one of esp32, esp32s3"),
        (('mcu = "esp32"', 'mcu = "esp32s3"'), r"GPIO\d+ is not"),
        (('tier = "mid"', 'tier = "top"'), r"b: tier: 'top' will not do; one of low, mid, high"),
        (('profile = "gb15322_household"', 'profile = "none"'), r"b: profile: 'none' will not do"),
        (('name = "virtual"', 'name = ""'), r"b: name: '' will not do; a text"),
        (("schema = 1", "schema = 9"), r"b: schema: 9 will not do"),
        (("[siren]", "[sirene]"), r"b: 'sirene' is not a key here; did you mean 'siren'"),
        (("schema = 1", "schema = "), r"b: is not TOML: .*line 3"),
        (('part = "mq7"', 'part = "mq9"'), r"b: co\.part: 'mq9' will not do; one of mq7, ze07, tgs5042"),
        (('part = "mq7"', 'part = "ze07"'), r"b: \[co\]: 'adc_pin' is not a key here"),
        (("coil_pin = 32", "coil_pin = 4"), r"b: valve\.coil_pin: GPIO4 is not on ADC1"),
        (("coil_low_uv = 100000\n", ""), r"b: valve\.coil_low_uv: is missing; it belongs to coil_pin"),
        (("coil_high_uv = 600000", "coil_high_uv = 90000"), r"b: valve\.coil_high_uv: 90000 is not above coil_low_uv"),
        (("sda_pin = 13", "sda_pin = 35"), r"b: climate\.sda_pin: GPIO35 is (input only|taken)"),
        (('part = "sht3x"', 'part = "dht22"'), r"b: climate\.part: 'dht22' will not do; one of sht3x, aht20"),
        (("adc_pin = 37", "adc_pin = 12"), r"b: reference\.adc_pin: GPIO12 is not on ADC1"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_with_the_key_and_what_is_right(change: tuple[str, str], said: str) -> None:
    assert change[0] in GOOD
    with pytest.raises(InputError) as refused:
        parse_board(GOOD.replace(change[0], change[1], 1), "b")
    assert re.search(said, str(refused.value)), refused.value
    assert "\n" not in str(refused.value)


def test_the_low_tier_has_no_co_and_the_others_must() -> None:
    without = GOOD[: GOOD.index("[co]")] + GOOD[GOOD.index("[climate]") :]
    with pytest.raises(InputError, match="tier: 'mid' measures CO"):
        parse_board(without, "b")
    assert parse_board(without.replace('tier = "mid"', 'tier = "low"'), "b").co is None


def test_a_board_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="devkit_cell, devkit_mq, devkit_ze07, virtual"):
        load_board("nothing")
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="UTF-8"):
        load_board(tmp_path / "b.toml")


def test_two_lines_on_one_uart_are_refused_with_the_other_number() -> None:
    text = (BOARDS / "devkit_ze07" / "board.toml").read_text()
    with pytest.raises(InputError, match=r"co\.uart: UART2 is taken by serial\.uart; uart = 1"):
        parse_board(text.replace("uart = 1", "uart = 2", 1), "b")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "cannot be read as JSON"),
        ("[]", "is no calibration"),
        ('{"schema": 1}', "c.json: methane: is missing"),
        ('{"schema": 1, "methane": {"part": "mq6", "r0_ohm": 20000}}', "methane.part: 'mq6' is another sensor"),
        ('{"schema": 1, "methane": {"part": "mq4", "r0_ohm": 90000}}', "r0_ohm: 90000 will not do; .* 5000 to 80000"),
        ('{"schema": 1, "methane": {"part": "mq4", "r0_ohm": 20000.5}}', "r0_ohm: 20000.5 will not do"),
        ('{"schema": 1, "methane": {"part": "mq4", "r0_ohm": 20000}}', "co: is missing; .* 'part': 'mq7' and 'r0_ohm'"),
        ('{"schema": 1, "argon": {}}', "argon: board virtual has no such sensor"),
    ],
)
def test_a_calibration_that_cannot_be_this_boards_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "c.json").write_text(text)
    with pytest.raises(InputError) as refused:
        load_calibration(tmp_path / "c.json", load_board("virtual"))
    assert re.search(said, str(refused.value)), refused.value
    assert "\n" not in str(refused.value)


def test_a_calibration_is_read_as_it_was_written(tmp_path: Path) -> None:
    for name, values in (
        ("virtual", {"methane": 18_123, "co": 4_987}),
        ("devkit_cell", {"methane": 21_000, "co": 1_801}),
    ):
        board = load_board(name)
        own = calibration_of(board, values)
        (tmp_path / "c.json").write_bytes(own.to_json_bytes())
        assert load_calibration(tmp_path / "c.json", board) == own
    assert nominal(load_board("devkit_ze07")).co is None
