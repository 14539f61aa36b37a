# The rig's protocol on its console: a frame is a line, "~" and base64, as on the device's.
import asyncio
import binascii
import select
import sys

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MARK = b"~"
_MOST_BYTES = 400


class HostLine:
    # take(data): gives the frames to answer with.
    def __init__(self, take: "Any") -> None:
        self._take_frame = take
        self._text = bytearray()
        self._stdin = sys.stdin.buffer  # as bytes: noise on a line is no text
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
        for answer in self._take_frame(data):
            print("~" + binascii.b2a_base64(answer).decode().strip())
