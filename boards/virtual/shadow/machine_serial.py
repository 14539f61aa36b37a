# machine.UART: bytes out with their virtual time, bytes in as the supervisor puts them on the line.
import io

import kernel

_OUT_UART = 3
_IN_UART = 2
_IOCTL_POLL = 3
_POLLIN = 1
_POLLOUT = 4

_ports: dict = {}


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

    def any(self):
        return len(self._rx)

    def read(self, n=-1):
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
        for at in range(0, len(data), 1024):
            kernel.output(_OUT_UART, bytes((self.id,)) + data[at : at + 1024])
        return len(data)

    def flush(self):
        pass

    def ioctl(self, request, argument):
        if request == _IOCTL_POLL:
            return (_POLLIN if self._rx else 0) | _POLLOUT
        return -1


def _arrived(body):
    port = _ports.get(body[0])
    if port is not None:
        room = port._rx_limit - len(port._rx)
        port._rx.extend(body[1 : 1 + room])  # what the receive buffer cannot hold is lost, as on the chip


kernel.inputs[_IN_UART] = _arrived
