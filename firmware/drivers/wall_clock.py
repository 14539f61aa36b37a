# The chip's calendar clock. The port's TLS checks the dates of certificates by it; at power-on it shows 2000-01-01.
import time

import machine

_UNIX_2000_S = 946_684_800
_FIRST_YEAR = 2000  # of the port's epoch


class WallClock:
    def __init__(self) -> None:
        self._rtc = machine.RTC()
        self._shift_s = _UNIX_2000_S if time.gmtime(0)[0] == _FIRST_YEAR else 0

    def read_s(self) -> int:
        # Unix seconds.
        return int(time.time()) + self._shift_s

    def set_s(self, unix_s: int) -> None:
        year, month, day, hour, minute, second, weekday = time.gmtime(unix_s - self._shift_s)[:7]
        self._rtc.datetime((year, month, day, weekday, hour, minute, second, 0))
