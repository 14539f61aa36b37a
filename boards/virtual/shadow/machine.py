# Shadow of `machine`: the ESP32's pins and parts, and what it refuses of them.
# Errors are those of the port: ValueError for a pin or number that is not there, OSError for a read that fails.
import kernel
from machine_analog import ADC, PWM
from machine_bus import I2C, mem32
from machine_pin import Pin
from machine_rtc import RTC
from machine_serial import UART

__all__ = ("ADC", "I2C", "PWM", "RTC", "UART", "WDT", "Pin", "Timer", "mem32")

PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3
DEEPSLEEP_RESET = 4
SOFT_RESET = 5

_reset_cause = PWRON_RESET
_unique_id = b"\x02\x00\x00\x00\x00\x00"


def configure(cause, unique_id):
    global _reset_cause, _unique_id
    _reset_cause = cause
    _unique_id = unique_id


def reset_cause():
    return _reset_cause


def unique_id():
    return _unique_id


def freq(hz=None):
    return 160_000_000


def reset():
    kernel.reset(HARD_RESET)


def soft_reset():
    kernel.reset(SOFT_RESET)


def idle():
    kernel.wait_until(kernel.now_ms + 1)


def disable_irq():
    return 0


def enable_irq(state=0):
    pass


class Timer:
    ONE_SHOT = 0
    PERIODIC = 1

    def __init__(self, id, **kwargs):
        if not 0 <= id <= 3:
            raise ValueError("invalid Timer number")
        self.id = id
        self.callback = None
        self.period_ms = 0
        self.due_ms = 0
        if kwargs:
            self.init(**kwargs)

    def init(self, *, mode=PERIODIC, freq=-1, period=-1, callback=None, hard=False):
        if freq != -1:
            period = int(1000 / freq)
        if period < 1:
            raise ValueError("period must be positive")
        self.deinit()
        self.callback = callback
        self.period_ms = period if mode == Timer.PERIODIC else 0
        self.due_ms = kernel.now_ms + period
        kernel.start_timer(self)

    def deinit(self):
        # There is one timer of each number, whichever object speaks of it.
        for timer in [each for each in kernel.timers if each.id == self.id]:
            kernel.stop_timer(timer)

    def value(self):
        return max(0, self.due_ms - kernel.now_ms)


class WDT:
    # As on the port: cannot be stopped, and a second WDT() sets the time anew.
    def __init__(self, id=0, timeout=5000):
        if id != 0:
            raise ValueError("invalid WDT id")
        if timeout <= 0:
            raise ValueError("WDT timeout too short")
        self._timeout_ms = timeout
        self.feed()

    def feed(self):
        kernel.watchdog_due_ms = kernel.now_ms + self._timeout_ms
