# INA219: current through a shunt and the voltage behind it, over I2C. Source: TI SBOS448, registers and equation 1.
import time

import machine

OK, SILENT, OVERFLOW, NOT_READY, RESTARTED = 0, 2, 3, 4, 5
BUS_STEP_UV = 4_000
CURRENT_STEP_UA = 25
_CONFIG, _BUS, _POWER, _CURRENT, _CALIBRATION = 0, 2, 3, 4, 5
_CONFIGURED = 0x099F  # 16 V, shunt up to 80 mV, 12 bits (532 us) each, on and on
_SCALE = 40_960_000  # 0.04096 V in units of a microampere times a milliohm
_CONVERSION_READY, _MATHS_OVERFLOW = 2, 1
_LOOKS = 4  # a millisecond apart; both conversions take 1.1 ms
_MOST_CALIBRATION = 0xFFFE


def calibration_of(shunt_mohm: int) -> int:
    # ValueError for a shunt that the register has no value for.
    found = _SCALE // (CURRENT_STEP_UA * shunt_mohm)
    if not 0 < found <= _MOST_CALIBRATION:
        raise ValueError("a shunt of %d mohm" % shunt_mohm)
    return found & _MOST_CALIBRATION


class Ina219:
    # bus: a machine.I2C. current_ua and bus_uv are as of the last good read().
    def __init__(self, bus: machine.I2C, address: int, shunt_mohm: int) -> None:
        self.current_ua = 0
        self.bus_uv = 0
        self._bus = bus
        self._address = address
        self._calibration = calibration_of(shunt_mohm)
        self._two = bytearray(2)

    def _write(self, register: int, value: int) -> None:
        self._bus.writeto(self._address, bytes((register, value >> 8, value & 0xFF)))

    def _read(self, register: int) -> int:
        self._bus.writeto(self._address, bytes((register,)))
        self._bus.readfrom_into(self._address, self._two)
        return self._two[0] << 8 | self._two[1]

    def configure(self) -> int:
        # OK or SILENT.
        try:
            self._write(_CALIBRATION, self._calibration)
            self._write(_CONFIG, _CONFIGURED)
        except OSError:
            return SILENT
        return OK

    def read(self) -> int:
        # Blocks for up to _LOOKS ms. A part that has lost its supply has also lost its calibration and would say 0 A: it is
        # set up again, and what it says is believed from the next read on.
        try:
            if self._read(_CALIBRATION) != self._calibration or self._read(_CONFIG) != _CONFIGURED:
                self.configure()
                return RESTARTED
            bus = self._read(_BUS)
            for _ in range(_LOOKS):
                if bus & _CONVERSION_READY:
                    break
                time.sleep_ms(1)
                bus = self._read(_BUS)
            else:
                return NOT_READY
            if bus & _MATHS_OVERFLOW:
                return OVERFLOW
            current = self._read(_CURRENT)
            self._read(_POWER)  # what clears the ready bit: the next read waits for conversions of its own
        except OSError:
            return SILENT
        self.bus_uv = (bus >> 3) * BUS_STEP_UV
        self.current_ua = (current - 0x10000 if current & 0x8000 else current) * CURRENT_STEP_UA
        return OK
