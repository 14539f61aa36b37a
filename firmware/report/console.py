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

MARK = b"~"
_MOST_BYTES = 400
_LISTENED_MS = 60_000  # after a good frame: so long events are told there too


class Console:
    # incoming: takes frames; counters: counts what became of each.
    def __init__(self, incoming: "Any", counters: "Any") -> None:
        self._incoming = incoming
        self._counters = counters
        self._text = bytearray()
        self._stdin = sys.stdin.buffer  # as bytes: noise on a line is no text
        self._heard = False
        self._heard_ms = time.ticks_ms()
        self._poller = select.poll()
        self._poller.register(self._stdin, select.POLLIN)

    async def run(self) -> None:
        # Never returns. Waits without a period of its own.
        stream = asyncio.StreamReader(self._stdin)
        while True:
            self._take(await stream.read(1))
            while self._poller.poll(0):
                self._take(self._stdin.read(1))

    def _take(self, byte: bytes) -> None:
        if byte in (b"\r", b"\n"):
            if self._text[:1] == MARK:
                self._line(bytes(self._text[1:]))
            self._text = bytearray()
        elif len(self._text) < _MOST_BYTES:
            self._text.extend(byte)

    def _line(self, text: bytes) -> None:
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
    print("~" + binascii.b2a_base64(frame).decode().strip())
