# Keeps the clock: asks the time server that the settings name before the first connection, and then each six hours. Without a
# name nobody is asked: a broker is not a time server.
import asyncio
import time

from report import datagram
from report.clock import SNTP
from report.dns import DnsError
from report.sntp import SntpError

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PERIOD_MS = 21_600_000
_AGAIN_MS = 300_000  # after a failure


class Timekeeper:
    # host: "" for none; name_server() gives an address.
    def __init__(self, host: str, clock: "Any", name_server: "Any") -> None:
        self._host = host
        self._clock = clock
        self._name_server = name_server
        self._said = ""
        self._good = False
        self._asked_ticks = time.ticks_ms()

    async def first(self) -> None:
        # Before a connection: certificates are checked by the time of day. A failure is told, and connecting is tried all the
        # same, with whatever the calendar shows.
        if self._host and (not self._good or self._due_ms() == 0):
            await self._ask()

    async def run(self) -> None:
        # Never returns.
        while True:
            await asyncio.sleep_ms(max(1_000, self._due_ms()))
            if self._host and self._due_ms() == 0:
                await self._ask()

    def _due_ms(self) -> int:
        # Until the next question. After six days without one the ticks cannot tell, and it is due too.
        period_ms = _PERIOD_MS if self._good else _AGAIN_MS
        since_ms = time.ticks_diff(time.ticks_ms(), self._asked_ticks)
        return period_ms - since_ms if 0 <= since_ms < period_ms else 0

    async def _ask(self) -> None:
        self._asked_ticks = time.ticks_ms()
        reason = ""
        try:
            address = await datagram.look_up(self._host, self._name_server())
            unix_s = await datagram.time_of_day(address)
            if not self._clock.set(unix_s, SNTP):
                reason = "the time server's time cannot be right"
        except (DnsError, SntpError) as error:
            reason = str(error)
        except OSError as error:
            reason = repr(error)
        if reason and reason != self._said:
            print("davy: no time of day: %s" % reason)
        self._said = reason
        self._good = not reason
