# Temperature and humidity over I2C: SHT3x or AHT20. start() asks for a conversion, fetch() takes it up to a second later.
# A bus that hangs costs one time-out a call, and is a fault, not a wait. Source of the commands: data sheets.
import machine

_FREQ_HZ = 100_000
_TIMEOUT_US = 10_000
_SHT3X_MEASURE = b"\x24\x00"  # once, high repeatability, without stretching the clock: 15 ms
_AHT20_MEASURE = b"\xac\x33\x00"  # 80 ms
_AHT20_INIT = b"\xbe\x08\x00"
_AHT20_CALIBRATED = 0x08
_AHT20_BUSY = 0x80


def crc8(data: bytearray, first: int, count: int) -> int:
    # Polynomial 0x31, starting from 0xFF: both parts use it.
    crc = 0xFF
    for at in range(first, first + count):
        crc ^= data[at]
        for _ in range(8):
            crc = (crc << 1 ^ 0x31) & 0xFF if crc & 0x80 else crc << 1
    return crc


class _Part:
    # cdegc: 0.01 degC; rh_permille: 1/1000. Both as of the last good fetch().
    address = 0

    def __init__(self, i2c: int, sda_pin: int, scl_pin: int) -> None:
        self.cdegc = 0
        self.rh_permille = 0
        self._bus = machine.I2C(
            i2c, scl=machine.Pin(scl_pin), sda=machine.Pin(sda_pin), freq=_FREQ_HZ, timeout=_TIMEOUT_US
        )

    def _write(self, command: bytes) -> bool:
        try:
            self._bus.writeto(self.address, command)
        except OSError:
            return False
        return True

    def _read(self, into: bytearray) -> bool:
        try:
            self._bus.readfrom_into(self.address, into)
        except OSError:
            return False
        return True


class Sht3x(_Part):
    address = 0x44

    def __init__(self, i2c: int, sda_pin: int, scl_pin: int) -> None:
        _Part.__init__(self, i2c, sda_pin, scl_pin)
        self._data = bytearray(6)

    def start(self) -> None:
        self._write(_SHT3X_MEASURE)

    def fetch(self) -> bool:
        data = self._data
        if not self._read(data) or crc8(data, 0, 2) != data[2] or crc8(data, 3, 2) != data[5]:
            return False
        # 15 of the 16 bits: so the product stays below 2**30.
        self.cdegc = 17_500 * (data[0] << 7 | data[1] >> 1) // 32_767 - 4_500
        self.rh_permille = 1_000 * (data[3] << 8 | data[4]) // 65_535
        return True


class Aht20(_Part):
    address = 0x38

    def __init__(self, i2c: int, sda_pin: int, scl_pin: int) -> None:
        _Part.__init__(self, i2c, sda_pin, scl_pin)
        self._data = bytearray(7)
        self._calibrated = False

    def start(self) -> None:
        # A part that has lost its power must be told to load its calibration again.
        self._write(_AHT20_MEASURE if self._calibrated else _AHT20_INIT)

    def fetch(self) -> bool:
        data = self._data
        if not self._read(data):
            self._calibrated = False
            return False
        asked, self._calibrated = self._calibrated, bool(data[0] & _AHT20_CALIBRATED)
        if not asked or not self._calibrated or data[0] & _AHT20_BUSY or crc8(data, 0, 6) != data[6]:
            return False
        # Of 20 bits each, the first 16 and 15: so the products stay below 2**30.
        self.rh_permille = 1_000 * (data[1] << 8 | data[2]) >> 16
        self.cdegc = (20_000 * ((data[3] & 0x0F) << 11 | data[4] << 3 | data[5] >> 5) >> 15) - 5_000
        return True


class NoClimate:
    # In the place of a part that the board does not have, or that cannot be used.
    cdegc = 0
    rh_permille = 0

    def start(self) -> None:
        pass

    def fetch(self) -> bool:
        return False


PARTS = {"sht3x": Sht3x, "aht20": Aht20}
