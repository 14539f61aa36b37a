"""The emulated parts of a rig answer byte for byte as their data sheets say."""

from __future__ import annotations

import pytest

from davy.bench.emulation.ina219 import BUS, CALIBRATION, CONFIG, CURRENT, POWER, SHUNT, Ina219
from davy.bench.emulation.mcp4728 import EEPROM_MS, Mcp4728

SUPPLY_UV = 3_300_000


class Dac:
    def __init__(self, supply_uv: int = SUPPLY_UV) -> None:
        self.heard: list[tuple[int, int | None]] = []
        self.part = Mcp4728(lambda channel, uv: self.heard.append((channel, uv)), supply_uv=supply_uv)

    def outputs(self) -> list[int | None]:
        return [self.part.output_uv(channel) for channel in range(4)]


def test_the_sequential_write_of_figure_7_4_gives_the_voltages_that_stand_beside_it() -> None:
    dac = Dac(supply_uv=5_000_000)
    assert dac.part.write(bytes.fromhex("50 08 00 0f ff 98 00 9f ff"), 0.0)
    assert dac.outputs() == [2_500_000, 4_998_779, 2_048_000, 4_095_000]


def test_a_multi_write_sets_its_channels_and_no_other() -> None:
    dac = Dac()
    assert dac.part.write(bytes.fromhex("42 92 58 46 9b b8"), 0.0)
    assert dac.outputs() == [0, 600_000, 0, 3_000_000]
    assert dac.heard == [(1, 600_000), (3, 3_000_000)]


def test_a_multi_write_with_udac_set_waits_for_the_general_update() -> None:
    dac = Dac()
    dac.part.write(bytes.fromhex("41 92 58"), 0.0)
    assert dac.outputs()[0] == 0
    assert dac.part.general_call(b"\x08")
    assert dac.outputs()[0] == 600_000


def test_a_fast_write_keeps_reference_and_gain_and_waits_for_the_update() -> None:
    dac = Dac()
    dac.part.write(bytes.fromhex("40 90 00"), 0.0)
    dac.part.write(bytes.fromhex("03 e8 07 d0"), 0.0)
    assert dac.outputs() == [0, 0, 0, 0]
    dac.part.general_call(b"\x08")
    assert dac.outputs() == [1_000_000, 1_000_000, 0, 0]  # A has gain 2, B has gain 1


def test_no_output_is_higher_than_the_supply() -> None:
    dac = Dac()
    dac.part.write(bytes.fromhex("40 9f ff"), 0.0)
    assert dac.outputs()[0] == SUPPLY_UV


@pytest.mark.parametrize("bits", [1, 2, 3])
def test_a_channel_that_is_powered_down_lets_its_line_go_and_comes_back_at_a_wake_up(bits: int) -> None:
    dac = Dac()
    dac.part.write(bytes.fromhex("40 92 58"), 0.0)
    dac.part.write(bytes((0x40, 0x92 | bits << 5, 0x58)), 0.0)
    assert dac.outputs()[0] is None
    assert dac.part.general_call(b"\x09")
    assert dac.outputs()[0] == 600_000


def test_power_down_gain_and_reference_have_commands_of_their_own() -> None:
    dac = Dac()
    dac.part.write(bytes.fromhex("40 92 58 42 92 58 44 92 58 46 92 58"), 0.0)
    dac.part.write(bytes.fromhex("a4 c0"), 0.0)  # PD: A 01, B 00, C 11, D 00
    assert dac.outputs() == [None, 600_000, None, 600_000]
    dac.part.write(b"\xc4", 0.0)  # gain 2 of B only
    assert dac.outputs() == [None, 600_000, None, 300_000]
    dac.part.write(b"\x8b", 0.0)  # reference: B is the supply
    assert dac.outputs()[1] == SUPPLY_UV * 600 // 4096


def test_the_read_back_holds_register_and_eeprom_of_each_channel_in_24_bytes() -> None:
    dac = Dac()
    dac.part.write(bytes.fromhex("58 92 58"), 0.0)  # single write: A with its EEPROM
    dac.part.write(bytes.fromhex("44 f1 23"), 0.0)
    read = dac.part.read(24, 100.0)
    assert read == bytes.fromhex("c09258c09258 d08000d08000 e0f123e08000 f08000f08000")


def test_while_the_eeprom_is_written_the_ready_bit_is_clear_and_another_such_write_is_ignored() -> None:
    dac = Dac()
    dac.part.write(bytes.fromhex("58 92 58"), 0.0)
    busy = dac.part.read(1, EEPROM_MS - 1)
    dac.part.write(bytes.fromhex("58 90 00"), EEPROM_MS - 1)
    ready = dac.part.read(1, EEPROM_MS)
    assert (busy, ready, dac.outputs()[0]) == (b"\x40", b"\xc0", 600_000)


def test_a_reset_brings_back_what_the_eeprom_holds() -> None:
    dac = Dac()
    dac.part.write(bytes.fromhex("58 92 58"), 0.0)
    dac.part.write(bytes.fromhex("40 9b b8"), 100.0)
    assert dac.outputs()[0] == 3_000_000
    assert dac.part.general_call(b"\x06")
    assert dac.outputs()[0] == 600_000


class Sense:
    def __init__(self, current_ua: int, bus_uv: int, shunt_mohm: int = 100) -> None:
        self.current_ua, self.bus_uv = current_ua, bus_uv
        self.part = Ina219(lambda: (self.current_ua, self.bus_uv), shunt_mohm=shunt_mohm)

    def put(self, register: int, value: int, now_ms: float = 0.0) -> None:
        assert self.part.write(bytes((register,)) + value.to_bytes(2, "big"), now_ms)

    def get(self, register: int, now_ms: float = 100.0) -> int:
        assert self.part.write(bytes((register,)), now_ms)
        answer = self.part.read(2, now_ms)
        assert answer is not None
        return int.from_bytes(answer, "big")


def test_the_ina219_gives_the_registers_of_the_data_sheets_example() -> None:
    # SBOS448, table 8: 10 A through 2 mohm at 11.98 V, a step of 1 mA.
    sense = Sense(10_000_000, 11_980_000, shunt_mohm=2)
    sense.put(CALIBRATION, 0x5000)
    assert sense.get(CONFIG) == 0x399F
    assert sense.get(SHUNT) == 0x07D0
    assert sense.get(BUS) & ~3 == 0x5D98
    assert sense.get(CURRENT) == 0x2710
    assert sense.get(POWER) == 0x1766


def test_without_a_calibration_the_current_register_says_0() -> None:
    sense = Sense(300_000, 12_000_000)
    assert (sense.get(SHUNT), sense.get(CURRENT)) == (3_000, 0)


def test_a_current_the_other_way_is_negative() -> None:
    sense = Sense(-300_000, 12_000_000)
    sense.put(CALIBRATION, 0x4000)
    assert sense.get(SHUNT) == 0x10000 - 3_000
    assert sense.get(CURRENT) == 0x10000 - 12_000


def test_the_lowest_bit_of_the_calibration_is_not_there() -> None:
    sense = Sense(0, 0)
    sense.put(CALIBRATION, 0xFFFF)
    assert sense.get(CALIBRATION) == 0xFFFE


@pytest.mark.parametrize(("gain", "most"), [(0, 4_000), (1, 8_000), (2, 16_000), (3, 32_000)])
def test_the_shunts_voltage_ends_at_the_range_of_the_gain(gain: int, most: int) -> None:
    sense = Sense(50_000_000, 12_000_000)
    sense.put(CONFIG, 0x219F | gain << 11)
    assert sense.get(SHUNT) == most


def test_a_result_that_does_not_fit_its_register_sets_the_overflow_bit() -> None:
    sense = Sense(3_000_000, 12_000_000)
    sense.put(CALIBRATION, 0xFFFE)
    assert sense.get(BUS) & 1
    sense.current_ua = 10_000
    assert not sense.get(BUS) & 1


def test_ready_comes_after_both_conversions_and_goes_with_a_read_of_the_power_or_a_new_mode() -> None:
    sense = Sense(300_000, 12_000_000)
    sense.put(CONFIG, 0x399F)
    assert not sense.get(BUS, 1.0) & 2  # 532 us each
    assert sense.get(BUS, 2.0) & 2
    sense.get(POWER, 3.0)
    assert not sense.get(BUS, 3.0) & 2
    assert sense.get(BUS, 5.0) & 2
    sense.put(CONFIG, 0x3FFF, 5.0)  # 128 samples of each: 68.1 ms
    assert not sense.get(BUS, 140.0) & 2
    assert sense.get(BUS, 142.0) & 2


def test_a_triggered_conversion_is_made_once() -> None:
    sense = Sense(300_000, 12_000_000)
    sense.put(CONFIG, 0x399B)
    assert sense.get(SHUNT, 2.0) == 3_000
    sense.current_ua = 100_000
    assert sense.get(SHUNT, 50.0) == 3_000
    sense.put(CONFIG, 0x399B, 50.0)
    assert sense.get(SHUNT, 52.0) == 1_000


def test_a_reset_bit_brings_every_register_back() -> None:
    sense = Sense(300_000, 12_000_000)
    sense.put(CALIBRATION, 0x4000)
    sense.put(CONFIG, 0x8000)
    assert (sense.get(CONFIG), sense.get(CALIBRATION)) == (0x399F, 0)


def test_a_silent_part_acknowledges_nothing() -> None:
    dac, sense = Dac(), Sense(0, 0)
    dac.part.silent = sense.part.silent = True
    assert not dac.part.write(b"\x40\x90\x00", 0.0)
    assert dac.part.read(24, 0.0) is None
    assert not sense.part.write(b"\x00", 0.0)
    assert sense.part.read(2, 0.0) is None
