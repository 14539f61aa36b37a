# The wired line.
import machine

_BUFFER_BYTES = 1024


class SerialLine:
    def __init__(self, uart: int, tx_pin: int, rx_pin: int, baud: int) -> None:
        self._uart = machine.UART(
            uart, baud, tx=machine.Pin(tx_pin), rx=machine.Pin(rx_pin), txbuf=_BUFFER_BYTES, rxbuf=_BUFFER_BYTES
        )

    def write(self, data: bytes) -> None:
        # Queued in the port's buffer. A full buffer waits for the line: one frame is 30 ms at 115200.
        self._uart.write(data)

    def read(self) -> bytes:
        # What has come, b"" for nothing.
        return self._uart.read() or b""
