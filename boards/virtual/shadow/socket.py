# Shadow of `socket`: TCP through the supervisor's access point. Bytes take virtual time.
import io
from errno import EAGAIN, ECONNABORTED, EHOSTUNREACH, EINPROGRESS, ENFILE, ENOTCONN, EOPNOTSUPP, ETIMEDOUT

import kernel
import network

AF_INET = 2
SOCK_STREAM = 1
SOCK_DGRAM = 2
SOL_SOCKET = 4095
SO_REUSEADDR = 4
IPPROTO_TCP = 6

_NET_CONNECT = 13
_NET_SEND = 14
_NET_CLOSE = 15
_CALL_RESOLVE = 2
_IN_CONNECTED = 4
_IN_FAILED = 5
_IN_DATA = 6
_IN_CLOSED = 7

_ABANDONED_MS = 30_000  # a connection that never came about, and that nobody holds any more
_DNS_MS = 20  # a look-up on a near access point; it blocks, as on the chip
_DNS_FAIL_MS = 4000
_MAX_SOCKETS = 10
_IOCTL_POLL = 3
_IOCTL_CLOSE = 4
_POLLIN = 1
_POLLOUT = 4
_POLLERR = 8
_POLLHUP = 16

_open: dict = {}


def getaddrinfo(host, port, *_):
    if host.replace(".", "").isdigit():
        return [(AF_INET, SOCK_STREAM, 0, "", (host, port))]
    status, answer = (1, b"")
    if network.WLAN(network.STA_IF).isconnected():
        status, answer = kernel.call(_CALL_RESOLVE, host.encode())
    kernel.block(_DNS_MS if status == 0 else _DNS_FAIL_MS)
    if status != 0:
        raise OSError(-202)  # EAI_FAIL, lwIP's number
    return [(AF_INET, SOCK_STREAM, 0, "", (answer.decode(), port))]


class socket(io.IOBase):
    def __init__(self, family=AF_INET, kind=SOCK_STREAM, proto=0):
        if family != AF_INET or kind != SOCK_STREAM:
            raise OSError(EOPNOTSUPP)  # the virtual access point carries TCP only
        number = 0
        while number in _open and not _open[number]._abandoned():
            number += 1
        if number >= _MAX_SOCKETS:
            raise OSError(ENFILE)
        self._number = number
        self._rx = bytearray()
        self._state = "new"
        self._since_ms = kernel.now_ms
        self._error = 0
        self._timeout_ms = kernel.FAR_MS  # blocking
        _open[number] = self

    def _abandoned(self):
        # The port's collector closes a socket that nobody holds; here nobody can tell, so age has to do.
        never = self._state in ("new", "connecting") or (self._state == "closed" and not self._rx)
        return never and kernel.now_ms - self._since_ms > _ABANDONED_MS

    def setblocking(self, flag):
        self._timeout_ms = kernel.FAR_MS if flag else 0

    def settimeout(self, seconds):
        self._timeout_ms = kernel.FAR_MS if seconds is None else int(seconds * 1000)

    def setsockopt(self, *_):
        pass

    def connect(self, address):
        if not network.WLAN(network.STA_IF).isconnected():
            raise OSError(EHOSTUNREACH)
        self._state = "connecting"
        host, port = address
        kernel.sync(_NET_CONNECT, bytes((self._number, port & 255, port >> 8)) + host.encode())
        if self._timeout_ms == 0:
            if self._state == "connecting":
                raise OSError(EINPROGRESS)
            return
        self._wait(lambda: self._state != "connecting")
        if self._state == "connecting":
            raise OSError(ETIMEDOUT)
        if self._error:
            raise OSError(self._error)

    def _wait(self, done):
        deadline_ms = kernel.now_ms + self._timeout_ms
        while not done() and kernel.now_ms < deadline_ms:
            kernel.wait_until(deadline_ms, True)

    def read(self, n=-1):
        if not self._rx and self._state == "open" and self._timeout_ms:
            self._wait(lambda: self._rx or self._state != "open")
        if self._rx:
            n = len(self._rx) if n is None or n < 0 else n
            data = bytes(self._rx[:n])
            self._rx = self._rx[n:]
            return data
        if self._state == "closed":
            if self._error:
                raise OSError(self._error)
            return b""
        if self._state != "open":
            raise OSError(ENOTCONN)
        if self._timeout_ms:
            raise OSError(ETIMEDOUT)
        return None

    def recv(self, n):
        data = self.read(n)
        if data is None:
            raise OSError(EAGAIN)
        return data

    def readinto(self, buf, n=-1):
        data = self.read(len(buf) if n < 0 else n)
        if data is None:
            return None
        buf[: len(data)] = data
        return len(data)

    def readline(self):
        line = bytearray()
        while not line.endswith(b"\n"):
            byte = self.read(1)
            if not byte:
                break
            line.extend(byte)
        return bytes(line)

    def write(self, data, offset=0, length=None):
        if self._error:
            raise OSError(self._error)
        if self._state != "open":
            raise OSError(ENOTCONN)
        data = bytes(data[offset:] if length is None else data[offset : offset + length])[:4096]
        kernel.sync(_NET_SEND, bytes((self._number,)) + data)
        return len(data)

    send = write

    def sendall(self, data):
        view = memoryview(data)
        while len(view):
            view = view[self.write(view) :]

    def close(self):
        if _open.get(self._number) is self:
            del _open[self._number]
            if self._state in ("open", "connecting"):
                kernel.sync(_NET_CLOSE, bytes((self._number,)))
        self._state = "closed"

    def ioctl(self, request, argument):
        if request == _IOCTL_POLL:
            ready = 0
            if self._rx or self._state == "closed":
                ready |= _POLLIN
            if self._state == "open":
                ready |= _POLLOUT
            if self._error:
                ready |= _POLLERR | _POLLHUP
            return ready
        if request == _IOCTL_CLOSE:
            self.close()
            return 0
        return -1


def _connected(body):
    sock = _open.get(body[0])
    if sock is not None:
        sock._state = "open"


def _failed(body):
    sock = _open.get(body[0])
    if sock is not None:
        sock._state = "closed"
        sock._error = body[1]


def _data(body):
    sock = _open.get(body[0])
    if sock is not None:
        sock._rx.extend(body[1:])


def _closed(body):
    sock = _open.get(body[0])
    if sock is not None:
        sock._state = "closed"


def _wifi_lost():
    for sock in list(_open.values()):
        sock._state = "closed"
        sock._error = ECONNABORTED


kernel.inputs[_IN_CONNECTED] = _connected
kernel.inputs[_IN_FAILED] = _failed
kernel.inputs[_IN_DATA] = _data
kernel.inputs[_IN_CLOSED] = _closed
network.on_lost(_wifi_lost)
