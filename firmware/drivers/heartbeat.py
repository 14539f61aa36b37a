# The timer that runs the safety loop, and the watchdog that only a good step feeds.
import sys
import time

import machine

PERIOD_MS = 100
WATCHDOG_MS = 8_000  # longer than any blocking call the firmware makes
HOLD_MS = 600_000
_TIMER = 0


def hold_for_maintenance() -> None:
    # After a soft reset the watchdog of the run before is still armed, and main.py may be skipped: that is a person with
    # mpremote. They get ten minutes; then the board resets and protects again, whether they are done or not.
    if machine.reset_cause() == machine.SOFT_RESET:
        machine.WDT(timeout=HOLD_MS)


class Heartbeat:
    # calls: (step, fail). step(now_ms) is called each PERIOD_MS. When it raises, fail() is called once, and the
    # watchdog starves.
    def __init__(self, calls: tuple) -> None:
        self._step, self._fail = calls
        self._dead = False
        self._feed = machine.WDT(timeout=WATCHDOG_MS).feed
        self._timer = machine.Timer(_TIMER)
        self._timer.init(period=PERIOD_MS, mode=machine.Timer.PERIODIC, callback=self._beat)

    def _beat(self, timer: machine.Timer) -> None:
        if self._dead:
            return
        try:
            self._step(time.ticks_ms())
        except Exception as error:
            self._dead = True
            self._fail()
            sys.print_exception(error)
            return
        self._feed()
