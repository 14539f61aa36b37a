# The rig's I2C drivers against the registers of their parts, byte for byte as the data sheets have them. On MicroPython.
from drivers import ina219, mcp4728

SILENT = OSError(19)


class Mcp4728Registers:
    # Microchip DS22187: multi-write 0 1 0 0 0 DAC1 DAC0 UDAC, then VREF PD1 PD0 Gx D11..D8, D7..D0. It reads back as three bytes of
    # the input register and three of the EEPROM for each channel; the first of each is RDY POR DAC1 DAC0 0 A2 A1 A0.
    def __init__(self):
        self.channels = [b"\xe0\x00"] * 4
        self.written = []
        self.deaf = False

    def writeto(self, address, data):
        if address != 0x60:
            raise SILENT
        data = bytes(data)
        self.written.append(data)
        if not self.deaf:
            assert data[0] & 0xF9 == 0x40
            self.channels[data[0] >> 1 & 3] = data[1:]

    def readfrom_into(self, address, into):
        assert address == 0x60 and len(into) == 24
        for at in range(4):
            into[at * 6 : at * 6 + 3] = bytes((0xC0 | at << 4,)) + self.channels[at]
            into[at * 6 + 3 : at * 6 + 6] = bytes((0xC0 | at << 4, 0xE0, 0x00))


class Ina219Registers:
    # TI SBOS448: a register's number, then its two bytes, high one first; a read gives the register that was named last.
    def __init__(self):
        self.registers = {0: 0x399F, 1: 0, 2: 0, 3: 0, 4: 0, 5: 0}
        self.named = 0
        self.conversions = 0  # so many reads of the bus register until the next is ready
        self.written = []

    def writeto(self, address, data):
        if address != 0x40:
            raise SILENT
        self.named = data[0]
        if len(data) == 3:
            self.written.append(bytes(data))
            self.registers[data[0]] = data[1] << 8 | data[2]

    def readfrom_into(self, address, into):
        value = self.registers[self.named]
        if self.named == 2:
            ready = 0 if self.conversions else 2
            self.conversions = max(0, self.conversions - 1)
            value |= ready
        if self.named == 3:
            self.conversions = 1
        into[0], into[1] = value >> 8, value & 0xFF


def test_a_voltage_is_one_multi_write_with_the_reference_and_twice_its_gain():
    bus = Mcp4728Registers()
    dac = mcp4728.Mcp4728(bus, 0x60)
    assert dac.write(0, 0x5DC) == mcp4728.OK
    assert dac.write(3, 4_095) == mcp4728.OK
    assert dac.write(1, 0) == mcp4728.OK
    assert bus.written == [b"\x40\x95\xdc", b"\x46\x9f\xff", b"\x42\x90\x00"]


def test_letting_go_powers_the_channel_down_with_500_kohm():
    bus = Mcp4728Registers()
    assert mcp4728.Mcp4728(bus, 0x60).write(2, -1) == mcp4728.OK
    assert bus.written == [b"\x44\xf0\x00"]


def test_a_dac_that_keeps_another_value_or_does_not_answer_is_told_apart():
    bus = Mcp4728Registers()
    dac = mcp4728.Mcp4728(bus, 0x60)
    dac.write(0, 100)
    bus.deaf = True
    assert dac.write(0, 100) == mcp4728.OK
    assert dac.write(0, 101) == mcp4728.WRONG
    assert mcp4728.Mcp4728(bus, 0x61).write(0, 1) == mcp4728.SILENT


def test_a_code_that_the_part_does_not_have_is_a_bug():
    for channel, code in ((4, 0), (0, 4_096)):
        try:
            mcp4728.Mcp4728(Mcp4728Registers(), 0x60).write(channel, code)
        except ValueError:
            continue
        raise AssertionError((channel, code))


def _configured(shunt_mohm=100):
    bus = Ina219Registers()
    part = ina219.Ina219(bus, 0x40, shunt_mohm)
    assert part.configure() == ina219.OK
    return bus, part


def test_the_current_sensor_is_set_up_as_its_data_sheet_computes():
    # Equation 1: 0.04096 / (25 uA * 0.1 ohm) = 16384. Configuration: 16 V, gain 2, 12 bits twice, continuous.
    bus, _ = _configured()
    assert bus.written == [b"\x05\x40\x00", b"\x00\x09\x9f"]
    assert ina219.calibration_of(200) == 8_192
    for shunt_mohm in (1, 20, 1_700_000):
        try:
            ina219.calibration_of(shunt_mohm)
        except ValueError:
            continue
        raise AssertionError(shunt_mohm)


def test_current_and_voltage_come_in_their_steps_and_with_their_sign():
    bus, part = _configured()
    bus.registers[2] = 3_000 << 3  # 12 V in steps of 4 mV
    bus.registers[4] = 12_000
    assert part.read() == ina219.OK
    assert (part.current_ua, part.bus_uv) == (300_000, 12_000_000)
    bus.registers[4] = 0x10000 - 4
    assert part.read() == ina219.OK
    assert part.current_ua == -100


def test_each_read_waits_for_conversions_of_its_own():
    bus, part = _configured()
    part.read()
    assert bus.conversions == 1
    assert part.read() == ina219.OK
    bus.conversions = 1_000
    assert part.read() == ina219.NOT_READY


def test_an_overflow_is_no_current():
    bus, part = _configured()
    bus.registers[2] = 1
    assert part.read() == ina219.OVERFLOW


def test_a_sensor_that_lost_its_supply_is_set_up_again_and_not_believed_that_once():
    bus, part = _configured()
    bus.registers[0], bus.registers[5] = 0x399F, 0
    assert part.read() == ina219.RESTARTED
    assert bus.registers[5] == 16_384
    assert part.read() == ina219.OK


def test_a_sensor_that_does_not_answer_is_silent():
    part = ina219.Ina219(Ina219Registers(), 0x41, 100)
    assert part.configure() == ina219.SILENT
    assert part.read() == ina219.SILENT
