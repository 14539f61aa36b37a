# A TCP socket of the shadow `socket`: through the supervisor's access point. Bytes take virtual time.
import io
from errno import EAGAIN, ECONNABORTED, EHOSTUNREACH, EINPROGRESS, ENFILE, ENOTCONN, ETIMEDOUT

import kernel
import network
from receive_buffer import ReceiveBuffer

_NET_CONNECT = 13
_NET_SEND = 14
_NET_CLOSE = 15
_NET_TAKEN = 34
_IN_CONNECTED = 4
_IN_FAILED = 5
_IN_DATA = 6
_IN_CLOSED = 7
_IN_ROOM = 22

_ABANDONED_MS = 30_000  # a connection that never came about, and that nobody holds any more
_MAX_SOCKETS = 10
_TELL_BYTES = 1_024  # so much read makes the window wider again
_IOCTL_POLL = 3
_IOCTL_CLOSE = 4
_POLLIN = 1
_POLLOUT = 4
_POLLERR = 8
_POLLHUP = 16

_open: dict = {}
last_number = 0  # of the socket that was used last: what carries TLS is asked for it


class TcpSocket(io.IOBase):
    def __init__(self):
        number = 0
        while number in _open and not _open[number]._abandoned():
            number += 1
        if number >= _MAX_SOCKETS:
            raise OSError(ENFILE)
        self._number = number
        self._rx = ReceiveBuffer()
        self._taken = 0  # bytes that the supervisor does not know to be read
        self._state = "new"
        self._since_ms = kernel.now_ms
        self._error = 0
        self._ours = False  # closed by us
        self._full = False  # the peer takes nothing, and the send buffer is full
        self._timeout_ms = kernel.FAR_MS  # blocking
        _open[number] = self

    def _abandoned(self):
        # The port's collector closes a socket that nobody holds; here nobody can tell, so age has to do.
        never = self._state in ("new", "connecting") or (self._state == "closed" and not self._rx.count)
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
        global last_number
        last_number = self._number
        if not self._rx.count and self._state == "open" and self._timeout_ms:
            self._wait(lambda: self._rx.count or self._state != "open")
        if self._rx.count:
            data = bytearray(self._rx.count if n is None or n < 0 else min(n, self._rx.count))
            self._take(data)
            return bytes(data)
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
        global last_number
        last_number = self._number
        if not self._rx.count:
            data = self.read(len(buf) if n < 0 else n)  # waits, or says why there is none
            if data is None:
                return None
            buf[: len(data)] = data
            return len(data)
        return self._take(buf if n < 0 else memoryview(buf)[:n])

    def _take(self, buf):
        count = self._rx.take(buf)
        self._taken += count
        if not kernel.virtual() and (self._taken >= _TELL_BYTES or not self._rx.count):
            taken, self._taken = self._taken, 0
            kernel.output(_NET_TAKEN, bytes((self._number, taken & 255, taken >> 8)))
        return count

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
        if self._state == "connecting" and not self._timeout_ms:
            return None
        if self._state == "closed" and not self._ours:
            return len(
                data[offset:] if length is None else data[offset : offset + length]
            )  # a FIN closes one way: into the air
        if self._state != "open":
            raise OSError(ENOTCONN)
        global last_number
        last_number = self._number
        if self._full:
            if not self._timeout_ms:
                return None
            self._wait(lambda: not self._full or self._state != "open")
            if self._full:
                raise OSError(ETIMEDOUT)
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
            self._rx.end()
        self._state = "closed"
        self._ours = True

    def ioctl(self, request, argument):
        if request == _IOCTL_POLL:
            ready = 0
            if self._rx.count or self._state == "closed":
                ready |= _POLLIN
            if self._state in ("open", "closed") and not self._full:
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
        sock._rx.put(memoryview(body)[1:])


def _closed(body):
    sock = _open.get(body[0])
    if sock is not None:
        sock._state = "closed"


def _room(body):
    sock = _open.get(body[0])
    if sock is not None:
        sock._full = not body[1]


def _wifi_lost():
    for sock in list(_open.values()):
        sock._state = "closed"
        sock._error = ECONNABORTED


kernel.inputs[_IN_CONNECTED] = _connected
kernel.inputs[_IN_FAILED] = _failed
kernel.inputs[_IN_DATA] = _data
kernel.inputs[_IN_CLOSED] = _closed
kernel.inputs[_IN_ROOM] = _room
network.on_lost(_wifi_lost)
