# The ZE07-CO module on a UART, 9600 8N1.
import machine
from drivers.ze07_frames import QUERY, Ze07Frames

_BUFFER_BYTES = 256
_TAKE_BYTES = 64  # in one call, so that noise on the line cannot hold the safety loop up
_ASK_AFTER = 3  # calls without a frame: it may have been switched to answering only


class Ze07:
    # read_uv() is the name under which the safety loop reads any CO sensor; here it gives tenths of a ppm.
    def __init__(self, uart: int, tx_pin: int, rx_pin: int) -> None:
        self._uart = machine.UART(
            uart, 9600, tx=machine.Pin(tx_pin), rx=machine.Pin(rx_pin), rxbuf=_BUFFER_BYTES, timeout=0
        )
        self._frames = Ze07Frames()
        self._buffer = bytearray(_TAKE_BYTES)
        self._missed = 0

    def read_uv(self) -> int:
        # The newest reading since the last call, negative when none came.
        frames = self._frames
        fresh = False
        count = self._uart.readinto(self._buffer) if self._uart.any() else 0
        for at in range(count or 0):
            if frames.take(self._buffer[at]):
                fresh = True
        if fresh:
            self._missed = 0
            return frames.tenths
        self._missed += 1
        if self._missed >= _ASK_AFTER:
            self._missed = 0
            self._uart.write(QUERY)
        return -1
