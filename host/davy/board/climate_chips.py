"""Temperature and humidity parts on an I2C bus, as they answer byte by byte: SHT3x and AHT20.

Their CRC (polynomial 0x31, start 0xFF) is crcmod's, not the firmware's.
"""

from __future__ import annotations

import crcmod

_crc8 = crcmod.mkCrcFun(0x131, initCrc=0xFF, rev=False)
SHT3X_ADDRESS, AHT20_ADDRESS = 0x44, 0x38
_SHT3X_MS, _AHT20_MS = 15.0, 80.0
_SHT3X_SINGLE = b"\x24\x00"
_AHT20_INIT, _AHT20_TRIGGER = b"\xbe\x08\x00", b"\xac\x33\x00"


class ClimateChip:
    """One part at its address. `silent`: it does not answer; `garbled`: a bit of each answer is wrong."""

    address = 0

    def __init__(self) -> None:
        self.fault: str | None = None
        self._asked_ms: float | None = None

    def power_off(self) -> None:
        """It forgets."""
        self._asked_ms = None

    def write(self, data: bytes, now_ms: float) -> bool:
        """A write to its address; False when it is not acknowledged."""
        return self.fault != "silent" and self._take(data, now_ms)

    def read(self, count: int, now_ms: float, degc: float, rh_percent: float) -> bytes | None:
        """A read of so many bytes; None when it is not acknowledged."""
        if self.fault == "silent":
            return None
        answer = self._answer(now_ms, degc, rh_percent)
        if answer is None:
            return None
        if self.fault == "garbled":
            answer = bytes((answer[0], answer[1] ^ 0x10)) + answer[2:]
        return (answer + b"\xff" * count)[:count]

    def _take(self, data: bytes, now_ms: float) -> bool:
        raise NotImplementedError

    def _answer(self, now_ms: float, degc: float, rh_percent: float) -> bytes | None:
        raise NotImplementedError


class Sht3x(ClimateChip):
    """Single shots without clock stretching: a read before the conversion is over is not acknowledged."""

    address = SHT3X_ADDRESS

    def _take(self, data: bytes, now_ms: float) -> bool:
        if data == _SHT3X_SINGLE:
            self._asked_ms = now_ms
        return True

    def _answer(self, now_ms: float, degc: float, rh_percent: float) -> bytes | None:
        if self._asked_ms is None or now_ms - self._asked_ms < _SHT3X_MS:
            return None
        self._asked_ms = None
        temperature = round((degc + 45.0) / 175.0 * 65_535).to_bytes(2, "big")
        humidity = round(rh_percent / 100.0 * 65_535).to_bytes(2, "big")
        return temperature + bytes((_crc8(temperature),)) + humidity + bytes((_crc8(humidity),))


class Aht20(ClimateChip):
    """Its status byte says busy while it converts, and calibrated once it was initialised."""

    address = AHT20_ADDRESS

    def __init__(self) -> None:
        super().__init__()
        self._calibrated = False

    def power_off(self) -> None:
        """It forgets its calibration too."""
        super().power_off()
        self._calibrated = False

    def _take(self, data: bytes, now_ms: float) -> bool:
        if data == _AHT20_INIT:
            self._calibrated = True
        elif data == _AHT20_TRIGGER:
            self._asked_ms = now_ms
        return True

    def _answer(self, now_ms: float, degc: float, rh_percent: float) -> bytes | None:
        busy = self._asked_ms is not None and now_ms - self._asked_ms < _AHT20_MS
        status = (0x80 if busy else 0) | (0x08 if self._calibrated else 0) | 0x10
        humidity, temperature = round(rh_percent / 100.0 * 2**20), round((degc + 50.0) / 200.0 * 2**20)
        packed = (min(humidity, 2**20 - 1) << 20 | min(temperature, 2**20 - 1)).to_bytes(5, "big")
        body = bytes((status,)) + packed
        return body + bytes((_crc8(body),))


CHIPS: dict[str, type[ClimateChip]] = {"sht3x": Sht3x, "aht20": Aht20}
CLIMATE_FAULTS = ("silent", "garbled")
