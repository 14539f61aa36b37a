# MCP4728: four voltages of 12 bits over I2C. Internal reference of 2.048 V times 2: a step is 1 mV. The supply limits what
# comes out: 3.3 V. Source: Microchip DS22187, multi-write command (figure 5-8), read command (figure 5-15).
import machine

STEP_UV = 1_000
MOST_CODE = 4_095
CHANNELS = 4
OK, SILENT, WRONG = 0, 1, 2
_MULTI_WRITE = 0x40  # | channel << 1; bit 0 clear: the output follows at once
_REFERENCE_AND_GAIN = 0x90  # of the byte that begins with the reference's bit: internal, times 2
_RELEASED = 0x60  # power-down with 500 kohm to ground
_CHANNEL_BYTES = 6  # of the read-back: input register, then EEPROM
_READ_BYTES = CHANNELS * _CHANNEL_BYTES


class Mcp4728:
    # bus: a machine.I2C.
    def __init__(self, bus: machine.I2C, address: int) -> None:
        self._bus = bus
        self._address = address
        self._command = bytearray(3)
        self._back = bytearray(_READ_BYTES)

    def write(self, channel: int, code: int) -> int:
        # code: in steps of STEP_UV, or negative to let the line go. OK; SILENT when the part does not answer; WRONG when it
        # does not hold what it was told.
        if not (0 <= channel < CHANNELS and code <= MOST_CODE):
            raise ValueError("MCP4728 channel %d, code %d" % (channel, code))
        command = self._command
        command[0] = _MULTI_WRITE | channel << 1
        command[1] = _REFERENCE_AND_GAIN | (_RELEASED if code < 0 else code >> 8)
        command[2] = 0 if code < 0 else code & 0xFF
        try:
            self._bus.writeto(self._address, command)
        except OSError:
            return SILENT
        return self._check(channel)

    def _check(self, channel: int) -> int:
        back, at = self._back, channel * _CHANNEL_BYTES
        try:
            self._bus.readfrom_into(self._address, back)
        except OSError:
            return SILENT
        right = back[at] >> 4 & 3 == channel and back[at + 1] == self._command[1] and back[at + 2] == self._command[2]
        return OK if right else WRONG
