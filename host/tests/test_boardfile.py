"""Board files: what ships is sound, and what the chip cannot do is refused with the reason."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from davy.errors import InputError
from davy.image.boardfile import load_board, parse_board
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
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_with_the_key_and_what_is_right(change: tuple[str, str], said: str) -> None:
    assert change[0] in GOOD
    with pytest.raises(InputError) as refused:
        parse_board(GOOD.replace(change[0], change[1], 1), "b")
    assert re.search(said, str(refused.value)), refused.value
    assert "\n" not in str(refused.value)


def test_the_low_tier_has_no_co_and_the_others_must() -> None:
    without = GOOD[: GOOD.index("[co]")] + GOOD[GOOD.index("[valve]") :]
    with pytest.raises(InputError, match="tier: 'mid' measures CO"):
        parse_board(without, "b")
    assert parse_board(without.replace('tier = "mid"', 'tier = "low"'), "b").co is None


def test_a_board_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="devkit_mq, virtual"):
        load_board("nothing")
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="UTF-8"):
        load_board(tmp_path / "b.toml")
