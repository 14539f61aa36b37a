# machine.UART: bytes out with their virtual time, bytes in as the supervisor puts them on the line.
import io
from struct import unpack_from

import kernel

_OUT_UART = 3
_IN_UART = 2
_IOCTL_POLL = 3
_POLLIN = 1
_POLLOUT = 4

_IN_UART_TIMED = 8
_AS_PIN = 200  # a line that parts of the room answer is coupled, under this number plus its own

_ports: dict = {}
_timed: dict = {}  # UART -> [(virtual ms, bytes)] that will be on its line


class UART(io.IOBase):
    def __init__(self, id, baudrate=115200, **kwargs):
        if not 0 <= id <= 2:
            raise ValueError(f"UART({id}) does not exist")
        self.id = id
        self._rx = bytearray()
        self._rx_limit = 256
        _ports[id] = self
        self.init(baudrate, **kwargs)

    def init(
        self,
        baudrate=115200,
        bits=8,
        parity=None,
        stop=1,
        *,
        tx=None,
        rx=None,
        rts=None,
        cts=None,
        txbuf=256,
        rxbuf=256,
        timeout=0,
        timeout_char=0,
        invert=0,
        flow=0,
    ):
        if baudrate <= 0:
            raise ValueError("invalid baudrate")
        self._rx_limit = max(rxbuf, 32)

    def deinit(self):
        _ports.pop(self.id, None)

    def _pull(self):
        # What came by itself since the last look.
        due = _timed.get(self.id)
        while due and due[0][0] <= kernel.now_ms:
            _put(self, due.pop(0)[1])

    def any(self):
        self._pull()
        return len(self._rx)

    def read(self, n=-1):
        self._pull()
        if not self._rx:
            return None
        if n is None or n < 0:
            n = len(self._rx)
        data = bytes(self._rx[:n])
        self._rx = self._rx[n:]
        return data

    def readinto(self, buf, n=-1):
        data = self.read(len(buf) if n < 0 else min(n, len(buf)))
        if data is None:
            return None
        buf[: len(data)] = data
        return len(data)

    def readline(self):
        end = bytes(self._rx).find(b"\n")
        return self.read(end + 1 if end >= 0 else -1)

    def write(self, data):
        data = bytes(data)
        if _AS_PIN + self.id in kernel.coupled_pins:
            kernel.sync(_OUT_UART, bytes((self.id,)) + data)
            return len(data)
        for at in range(0, len(data), 1024):
            kernel.output(_OUT_UART, bytes((self.id,)) + data[at : at + 1024])
        return len(data)

    def flush(self):
        pass

    def ioctl(self, request, argument):
        if request == _IOCTL_POLL:
            return (_POLLIN if self._rx else 0) | _POLLOUT
        return -1


def _put(port, data):
    room = port._rx_limit - len(port._rx)
    port._rx.extend(data[:room])  # what the receive buffer cannot hold is lost, as on the chip


def _arrived(body):
    port = _ports.get(body[0])
    if port is not None:
        _put(port, body[1:])


def _timed_arrived(body):
    # Replaces what was foretold from now on; what was due before stays.
    uart, count = unpack_from("<BH", body)
    waiting = [each for each in _timed.get(uart, ()) if each[0] <= kernel.now_ms]
    at = 3
    for _ in range(count):
        t_ms, size = unpack_from("<qB", body, at)
        at += 9
        waiting.append((t_ms, body[at : at + size]))
        at += size
    _timed[uart] = waiting


kernel.inputs[_IN_UART] = _arrived
kernel.inputs[_IN_UART_TIMED] = _timed_arrived
