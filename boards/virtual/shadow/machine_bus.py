# machine.I2C: the parts on the bus are the supervisor's. And machine.mem32, as far as the firmware reads registers.
from struct import unpack

import kernel

_CALL_I2C = 3
_OUT_I2C = 35
_AS_PIN = 210  # a bus whose parts act on the world outside is coupled, under this number plus its own
_IN_SLOW_CLOCK = 10
_WRITE, _READ = 0, 1
_ENODEV = 19
_RTC_CNTL = 0x3FF48000  # of the classic ESP32
_UPDATE, _LOW, _HIGH = _RTC_CNTL + 0x0C, _RTC_CNTL + 0x10, _RTC_CNTL + 0x14
_VALID = 1 << 30
_SLOW_HZ = 150_000


class I2C:
    def __init__(self, id=0, *, scl=None, sda=None, freq=400_000, timeout=50_000):
        if id not in (0, 1):
            raise ValueError(f"I2C({id}) doesn't exist")
        self._id = id

    def _transfer(self, operation, address, body):
        status, answer = kernel.call(_CALL_I2C, bytes((self._id, operation, address)) + body)
        if status < 0:
            raise OSError(_ENODEV, "ENODEV")
        return answer

    def writeto(self, addr, buf, stop=True):
        self._transfer(_WRITE, addr, bytes(buf))
        if _AS_PIN + self._id in kernel.coupled_pins:
            kernel.sync(_OUT_I2C, bytes((self._id, addr)))
        return len(buf)

    def readfrom_into(self, addr, buf, stop=True):
        buf[:] = self._transfer(_READ, addr, bytes((len(buf),)))

    def readfrom(self, addr, nbytes, stop=True):
        return self._transfer(_READ, addr, bytes((nbytes,)))

    def scan(self):
        found = []
        for address in range(8, 120):
            try:
                self._transfer(_WRITE, address, b"")
            except OSError:
                continue
            found.append(address)
        return found


class _Registers:
    # The RC oscillator's counter is latched when it is asked for.
    def __init__(self):
        self.permille = 1000
        self._ticks = 0
        self._changed_ms = 0
        self._latched = 0
        self._asked = False

    def now(self):
        return self._ticks + (kernel.now_ms - self._changed_ms) * _SLOW_HZ * self.permille // 1_000_000

    def set_rate(self, permille):
        self._ticks = self.now()
        self._changed_ms = kernel.now_ms
        self.permille = permille

    def __setitem__(self, address, value):
        if address == _UPDATE and value >> 31:
            self._latched = self.now()
            self._asked = True

    def __getitem__(self, address):
        if address == _UPDATE:
            # A stopped oscillator never completes the request.
            return _VALID if self._asked and self.permille else 0
        if address == _LOW:
            return self._latched & 0xFFFFFFFF
        if address == _HIGH:
            return self._latched >> 32 & 0xFFFF
        return 0


mem32 = _Registers()


def _rate_arrived(body):
    mem32.set_rate(unpack("<H", body)[0])


kernel.inputs[_IN_SLOW_CLOCK] = _rate_arrived
