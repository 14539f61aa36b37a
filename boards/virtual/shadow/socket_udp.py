# A UDP socket of the shadow `socket`. What the access point does not answer is lost, as on the air.
import io
from errno import EAGAIN, EHOSTUNREACH, EINVAL, ENFILE, ETIMEDOUT

import kernel
import network

_NET_DATAGRAM = 32
_IN_DATAGRAM = 20
_MAX_SOCKETS = 4
_MAX_QUEUED = 6
_MAX_BYTES = 1_472  # what fits an Ethernet frame
_IOCTL_POLL = 3
_IOCTL_CLOSE = 4
_POLLIN = 1
_POLLOUT = 4

_open: dict = {}
_counted = [0]


class UdpSocket(io.IOBase):
    def __init__(self):
        if len(_open) >= _MAX_SOCKETS:
            raise OSError(ENFILE)
        _counted[0] = _counted[0] % 65_535 + 1  # a number is not given twice: an answer that comes late finds nobody
        self._number = _counted[0]
        self._queue = []
        self._timeout_ms = kernel.FAR_MS
        _open[self._number] = self

    def setblocking(self, flag):
        self._timeout_ms = kernel.FAR_MS if flag else 0

    def settimeout(self, seconds):
        self._timeout_ms = kernel.FAR_MS if seconds is None else int(seconds * 1000)

    def setsockopt(self, *_):
        pass

    def sendto(self, data, address):
        if not network.WLAN(network.STA_IF).isconnected():
            raise OSError(EHOSTUNREACH)
        host, port = address
        if not host.replace(".", "").isdigit() or len(data) > _MAX_BYTES:
            raise OSError(EINVAL)
        name = host.encode()
        kernel.sync(
            _NET_DATAGRAM, self._number.to_bytes(2, "little") + bytes((port & 255, port >> 8, len(name))) + name + data
        )
        return len(data)

    def recvfrom(self, count):
        deadline_ms = kernel.now_ms + self._timeout_ms
        while not self._queue:
            if kernel.now_ms >= deadline_ms:
                raise OSError(ETIMEDOUT if self._timeout_ms else EAGAIN)
            kernel.wait_until(deadline_ms, True)
        data, address = self._queue.pop(0)
        return data[:count], address

    def close(self):
        if _open.get(self._number) is self:
            del _open[self._number]

    def ioctl(self, request, argument):
        if request == _IOCTL_POLL:
            return _POLLOUT | (_POLLIN if self._queue else 0)
        if request == _IOCTL_CLOSE:
            self.close()
            return 0
        return -1


def _came(body):
    number, port, size = body[0] | body[1] << 8, body[2] | body[3] << 8, body[4]
    sock = _open.get(number)
    if sock is not None and len(sock._queue) < _MAX_QUEUED:
        sock._queue.append((bytes(body[5 + size :]), (bytes(body[5 : 5 + size]).decode(), port)))


kernel.inputs[_IN_DATAGRAM] = _came
