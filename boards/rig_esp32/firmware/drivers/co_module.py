# A ZE07-CO as the device hears it, on a UART at 9600 8N1. Frames from its data sheet: FF 04 03 01 HH LL 13 88 CS by itself
# each second, FF 86 HH LL 00 00 00 00 CS to the question FF 01 86 00 00 00 00 00 79; CS is the negated sum of bytes 1..7.
import asyncio

import machine

EVERY_MS = 1_000
SILENT, UPLOADS, GARBLED, ONLY_ASKED = 0, 1, 2, 3
QUERY = b"\xff\x01\x86\x00\x00\x00\x00\x00\x79"
_GARBLED_AT, _GARBLED_BITS = 5, 0x20


def sealed(body: bytes) -> bytes:
    # Seven bytes with the start before and the checksum after them.
    return b"\xff" + body + bytes((-sum(body) & 0xFF,))


class CoModule:
    # mode and tenths_ppm may be changed at any time.
    def __init__(self, uart: int, tx_pin: int, rx_pin: int) -> None:
        self.mode = UPLOADS
        self.tenths_ppm = 0
        self.powered = True  # with the device: it must not feed that through its line
        self._uart = machine.UART(uart, 9600, tx=machine.Pin(tx_pin), rx=machine.Pin(rx_pin))
        self._heard = b""

    def upload(self) -> None:
        # To be called each EVERY_MS.
        if self.powered and self.mode in (UPLOADS, GARBLED):
            self._say(bytes((0x04, 0x03, 0x01, self.tenths_ppm >> 8, self.tenths_ppm & 0xFF, 0x13, 0x88)))

    def _say(self, body: bytes) -> None:
        frame = bytearray(sealed(body))
        if self.mode == GARBLED:
            frame[_GARBLED_AT] ^= _GARBLED_BITS
        self._uart.write(frame)

    async def answer(self) -> None:
        # Never returns.
        stream = asyncio.StreamReader(self._uart)
        while True:
            self._hear(await stream.read(len(QUERY)) or b"")

    def _hear(self, data: bytes) -> None:
        self._heard += data
        while QUERY in self._heard:
            self._heard = self._heard[self._heard.find(QUERY) + len(QUERY) :]
            if self.powered and self.mode != SILENT:
                self._say(bytes((0x86, self.tenths_ppm >> 8, self.tenths_ppm & 0xFF, 0, 0, 0, 0)))
        self._heard = self._heard[-len(QUERY) :]
