"""A rig's wiring file: what it may say, and how each mistake is refused. And that page and picture show the same."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from davy.bench.wiring import RIG_ESP32, load_wiring, parse_wiring
from davy.bench.wiring_pins import named_pins
from davy.errors import InputError
from davy.paths import ROOT

TEXT = RIG_ESP32.read_text()
PAGE = ROOT / "docs" / "rig.md"


def _table(name: str) -> str:
    """A table's text, up to the next one's head."""
    found = re.search(rf"(?ms)^\[{re.escape(name)}\]\n.*?(?=^\[|\Z)", TEXT)
    assert found, name
    return found.group(0)


def _with(table: str, old: str, new: str) -> str:
    text = _table(table)
    assert old in text
    return TEXT.replace(text, text.replace(old, new))


def test_the_shipped_wiring_has_everything_that_a_bench_knows() -> None:
    wiring = load_wiring()
    assert (wiring.name, wiring.valve, wiring.calibrated) == ("rig_esp32", "emulated", None)
    assert (len(wiring.outputs), len(wiring.inputs), len(wiring.readings)) == (13, 7, 5)


def test_parts_that_are_left_out_are_not_among_what_it_has() -> None:
    wiring = parse_wiring(TEXT.replace(_table("co_module"), "").replace(_table("dac.co_heater_uv"), ""), "here")
    assert not {"co_mode", "co_tenths_ppm", "co_heater_uv"} & wiring.outputs


def test_a_real_valve_has_its_own_contact() -> None:
    real = TEXT.replace('valve = "emulated"', 'valve = "real"').replace(_table("contact"), "")
    wiring = parse_wiring(real + "[input.contact]\npin = 27\nactive = 0\n", "here")
    assert "contact" in wiring.inputs and "contact" not in wiring.outputs


def test_a_calibration_date_reaches_the_rig_as_a_day() -> None:
    wiring = parse_wiring(TEXT.replace('calibrated = ""', 'calibrated = "2026-10-05"'), "here")
    assert json.loads(wiring.to_json_bytes())["calibrated_day"] == 20_731


@pytest.mark.parametrize(
    ("text", "where", "problem"),
    [
        (_with("switch.button", "pin = 32", "pin = 25"), "switch.button.pin", "GPIO25 is taken by switch.power.pin"),
        (_with("switch.button", "pin = 32", "pin = 6"), "switch.button.pin", "GPIO6 is not a free pin of the ESP32"),
        (_with("switch.button", "pin = 32", "pin = 35"), "switch.button.pin", "GPIO35 is input only"),
        (_with("switch.button", "pin = 32", "pin = 15"), "switch.button.pin", "GPIO15 is a strapping pin"),
        (_with("switch.button", "pin = 32", "pin = 1"), "switch.button.pin", "GPIO1 is the console"),
        (_with("contact", "pin = 27", "pin = 34"), "contact.pin", "GPIO34 is input only"),
        (_with("i2c", "sda_pin = 21", "sda_pin = 36"), "i2c.sda_pin", "GPIO36 is input only"),
        (_with("input.yellow", "pin = 5", "pin = 12"), "input.yellow.pin", "GPIO12 is a strapping pin"),
        (_with("adc.supply_uv", "pin = 36", "pin = 2"), "adc.supply_uv.pin", "GPIO2 is not on ADC1"),
        (_with("adc.supply_uv", "= 15000", "= 5000"), "adc.supply_uv.divider_top_ohm", "lets 3.67 V of a 5.5 V"),
        (_with("dac.co_uv", "channel = 1", "channel = 0"), "dac.co_uv.channel", "0 is taken by methane_uv"),
        (_with("dac.co_uv", "channel = 1", "channel = 4"), "dac.co_uv.channel", "4 will not do"),
        (_with("dac.co_uv", "gain_ppm = 1000000", "gain_ppm = 1"), "dac.co_uv.gain_ppm", "1 will not do"),
        (_with("dac", "0x60", "0x70"), "dac.address", "112 will not do"),
        (_with("current", "shunt_mohm = 100", "shunt_mohm = 1"), "current.shunt_mohm", "1 will not do"),
        (_with("switch.power", "active = 1", "active = true"), "switch.power.active", "True will not do"),
        (_with("switch.power", "active = 1", ""), "switch.power.active", "is missing"),
        (_with("switch.power", "active", "activ"), "[switch.power]", "'activ' is not a key here"),
        (TEXT + "[switch.siren]\npin = 2\nactive = 1\n", "[switch]", "'siren' is not a key here"),
        (TEXT.replace(_table("i2c"), ""), "[dac]", "has no bus"),
        (TEXT.replace(_table("dac.co_uv"), ""), "adc.co_loop_uv", "loops back what the DAC does not give"),
        (TEXT.replace(_table("input.coil"), ""), "[contact]", "follows a coil that nothing sees"),
        (TEXT.replace('valve = "emulated"', 'valve = "real"'), "[contact]", "is for an emulated valve"),
        (TEXT + "[input.contact]\npin = 2\nactive = 1\n", "input.contact.pin", "GPIO2 is a strapping pin"),
        (TEXT.replace("pin = 27", "pin = 0"), "contact.pin", "GPIO0 is a strapping pin"),
        (TEXT.replace('calibrated = ""', 'calibrated = "5.10.2026"'), "calibrated", "is no date"),
        (TEXT.replace('calibrated = ""', 'calibrated = "1969-07-20"'), "calibrated", "no day of a calibration"),
        (TEXT.replace('mcu = "esp32"', 'mcu = "rp2040"'), "mcu", "'rp2040' will not do"),
        (TEXT.replace("schema = 1", "schema = 2"), "schema", "2 will not do"),
        (TEXT.replace("[i2c]", "[i2c"), "here", "is not TOML"),
        ("contact = 5\n" + TEXT.replace(_table("contact"), ""), "contact", "is no table"),
    ],
)
def test_a_mistake_is_refused_with_its_place_in_one_line(text: str, where: str, problem: str) -> None:
    with pytest.raises(InputError) as raised:
        parse_wiring(text, "here")
    said = str(raised.value)
    assert where in raised.value.where and problem in said
    assert "\n" not in said and (raised.value.hint or "TOML" in said)


def test_a_file_that_is_not_there_is_refused_with_its_name() -> None:
    with pytest.raises(InputError, match=r"nowhere\.toml: cannot be read"):
        load_wiring(RIG_ESP32.with_name("nowhere.toml"))


def test_the_pages_table_names_every_pin_of_the_wiring_and_no_other() -> None:
    rows = re.findall(r"^\| GPIO(\d+) \| `([a-z0-9_.]+)` \|", PAGE.read_text(), re.M)
    assert {name: int(pin) for pin, name in rows} == {key: pin for _, key, pin in named_pins(load_wiring().tables)}


def test_the_picture_is_drawn_from_the_wiring_and_fresh() -> None:
    tool = [sys.executable, str(ROOT / "tools" / "rig_picture.py"), "--check"]
    done = subprocess.run(tool, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
