# The product's protocol on the console (UART0, the USB port of most boards): for who commissions or tests a unit. A frame is a
# line of its own, "~" and base64, so that neither a prompt nor a terminal is disturbed and no byte interrupts.
import asyncio
import binascii
import select
import sys
import time

from protocol.frame import GOOD

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MARK = "~"
_MOST_CHARS = 400
_LISTENED_MS = 60_000  # after a good frame: so long events are told there too


class Console:
    # incoming: takes frames; counters: counts what became of each.
    def __init__(self, incoming: "Any", counters: "Any") -> None:
        self._incoming = incoming
        self._counters = counters
        self._text = ""
        self._heard = False
        self._heard_ms = time.ticks_ms()
        self._poller = select.poll()
        self._poller.register(sys.stdin, select.POLLIN)

    async def run(self) -> None:
        # Never returns. Waits without a period of its own.
        stream = asyncio.StreamReader(sys.stdin)
        while True:
            self._take(await stream.read(1))
            while self._poller.poll(0):
                self._take(sys.stdin.read(1))

    def _take(self, char: "Any") -> None:
        if char in ("\r", "\n"):
            if self._text.startswith(MARK):
                self._line(self._text[1:])
            self._text = ""
        elif len(self._text) < _MOST_CHARS:
            self._text += char

    def _line(self, text: str) -> None:
        try:
            data = binascii.a2b_base64(text)
        except ValueError:
            data = b""
        reason = self._incoming.one(data, _say)
        self._counters.count(reason)
        if reason == GOOD:
            self._heard = True
            self._heard_ms = time.ticks_ms()

    def event(self, frame: bytes) -> None:
        # Told while somebody listens, and to nobody else: the console is a person's too.
        if self._heard:
            if time.ticks_diff(time.ticks_ms(), self._heard_ms) > _LISTENED_MS:
                self._heard = False
            else:
                _say(frame)


def _say(frame: bytes) -> None:
    print(MARK + binascii.b2a_base64(frame).decode().strip())
