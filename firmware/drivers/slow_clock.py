# The chip's second time base: the RC oscillator of about 150 kHz that counts on beside the crystal.
# Registers of RTC_CNTL, from the chips' technical reference manuals. Reading allocates: not for the safety loop.
import machine

_BASES = {"esp32": 0x3FF48000, "esp32s3": 0x60008000}
_UPDATE, _LOW, _HIGH = 0x0C, 0x10, 0x14
_ASK = 1 << 31
_VALID = 1 << 30
_LOOKS = 1000
NOMINAL_HZ = {"esp32": 150_000, "esp32s3": 136_000}


class SlowClock:
    # Raises KeyError for a chip whose registers are not known.
    def __init__(self, mcu: str) -> None:
        self._base = _BASES[mcu]
        self._has_valid = mcu == "esp32"
        self.nominal_hz = NOMINAL_HZ[mcu]

    def ticks(self) -> int:
        # 48 bits; -1 when the counter does not answer.
        registers = machine.mem32
        registers[self._base + _UPDATE] = _ASK
        if self._has_valid:
            for _ in range(_LOOKS):
                if registers[self._base + _UPDATE] & _VALID:
                    break
            else:
                return -1
        high: int = registers[self._base + _HIGH] & 0xFFFF
        low: int = registers[self._base + _LOW] & 0xFFFFFFFF
        return high << 32 | low
