"""An INA219 on an I2C bus, register by register: current through a shunt, and the voltage behind it.

Source: TI SBOS448G, section 8.6 (registers) and table 5 (conversion times). What it converts is what is there when its register is
read, once a conversion that began after the last change of mode is over.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

ADDRESS = 0x40
CONFIG, SHUNT, BUS, POWER, CURRENT, CALIBRATION = range(6)
#: Reset value: 32 V, shunt 320 mV, 12 bits each, continuous.
CONFIG_AT_RESET = 0x399F
SHUNT_STEP_UV, BUS_STEP_UV = 10, 4_000
_RESET, _WIDE_BUS = 0x8000, 0x2000
_READY, _OVERFLOW = 2, 1
_SAMPLES_US = (84, 148, 276, 532)
_AVERAGE_US = (532, 1_060, 2_130, 4_260, 8_510, 17_020, 34_050, 68_100)
_POWER_DIVISOR = 5_000
_CALIBRATION_DIVISOR = 4_096


def conversion_us(adc_bits: int) -> int:
    """Of one ADC setting (four bits of BADC or SADC)."""
    return _AVERAGE_US[adc_bits & 7] if adc_bits & 8 else _SAMPLES_US[adc_bits & 3]


class Ina219:
    """One part; `sense` gives (current in uA, bus voltage in uV) as they are now."""

    def __init__(self, sense: Callable[[], tuple[int, int]], *, shunt_mohm: int = 100) -> None:
        self.silent = False  # it does not answer at all
        self._sense = sense
        self._shunt_mohm = shunt_mohm
        self.power_on(0.0)

    def power_on(self, now_ms: float) -> None:
        """Every register at its reset value."""
        self._pointer = CONFIG
        self._calibration = 0
        self._configure(CONFIG_AT_RESET, now_ms)

    def write(self, data: bytes, now_ms: float) -> bool:
        """The register pointer, and two bytes for the register if there are any. False when it is not acknowledged."""
        if self.silent:
            return False
        if data:
            self._pointer = data[0]
        if len(data) >= 3:
            value = data[1] << 8 | data[2]
            if self._pointer == CONFIG:
                if value & _RESET:
                    self.power_on(now_ms)
                else:
                    self._configure(value, now_ms)
            elif self._pointer == CALIBRATION:
                self._calibration = value & 0xFFFE  # its lowest bit is not there
        return True

    def read(self, count: int, now_ms: float) -> bytes | None:
        """The register that the pointer names, high byte first, again and again. None when it is not acknowledged."""
        if self.silent:
            return None
        value = self._register(now_ms)
        return ((value & 0xFFFF).to_bytes(2, "big") * (count // 2 + 1))[:count]

    # How it works

    def _configure(self, value: int, now_ms: float) -> None:
        # Writing the mode begins anew, and takes the ready bit away.
        self._config = value & ~0x4000
        self._began_ms = now_ms
        self._cleared_ms = now_ms
        self._held: tuple[int, int] | None = None

    @property
    def _mode(self) -> int:
        return self._config & 7

    def _round_ms(self) -> float:
        """How long one conversion of everything that the mode converts takes."""
        shunt_us = conversion_us(self._config >> 3 & 15) if self._mode & 1 else 0
        bus_us = conversion_us(self._config >> 7 & 15) if self._mode & 2 else 0
        return (shunt_us + bus_us) / 1_000

    def _done_ms(self, now_ms: float) -> float | None:
        """When the last conversion ended, None when none has."""
        round_ms = self._round_ms()
        rounds = int((now_ms - self._began_ms) / round_ms + 1e-6) if round_ms else 0
        if rounds == 0:
            return None
        return self._began_ms + (rounds if self._mode & 4 else 1) * round_ms

    def _measured(self, now_ms: float) -> tuple[int, int]:
        """Shunt voltage in its register's steps, and bus voltage in its own."""
        if self._done_ms(now_ms) is None:
            return 0, 0
        if self._held is None or self._mode & 4:
            current_ua, bus_uv = self._sense()
            most = 4_000 << (self._config >> 11 & 3)
            shunt = max(-most, min(most, round(current_ua * self._shunt_mohm / 1_000 / SHUNT_STEP_UV)))
            bus = min(bus_uv // BUS_STEP_UV, (32 if self._config & _WIDE_BUS else 16) * 1_000_000 // BUS_STEP_UV)
            self._held = (shunt, bus)
        return self._held

    def _register(self, now_ms: float) -> int:
        if self._pointer == CONFIG:
            return self._config
        if self._pointer == CALIBRATION:
            return self._calibration
        shunt, bus = self._measured(now_ms)
        current = shunt * self._calibration // _CALIBRATION_DIVISOR
        power = abs(current) * bus // _POWER_DIVISOR
        if self._pointer == SHUNT:
            return shunt
        if self._pointer == BUS:
            done_ms = self._done_ms(now_ms)
            ready = _READY if done_ms is not None and done_ms > self._cleared_ms else 0
            return bus << 3 | ready | (_OVERFLOW if abs(current) > 0x7FFF or power > 0xFFFF else 0)
        if self._pointer == POWER:
            self._cleared_ms = now_ms
            return power
        return struct.unpack(">h", struct.pack(">i", current)[2:])[0] if self._pointer == CURRENT else 0
