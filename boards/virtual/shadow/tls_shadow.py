# Shadow of `tls`: the unix port's own mbedTLS, with an ESP32's cost in time, and with the board's calendar clock.
#
# The handshake's messages go in clear, so what a call has computed shows on the wire: the shares below were measured as the
# processor time of each call of a client with a P-256 certificate against OpenSSL (benchmarks/tls_shares.py).
import io

import tls
import uselect

import certificate_dates
import kernel
import socket_tcp

CERT_NONE = tls.CERT_NONE
CERT_OPTIONAL = tls.CERT_OPTIONAL
CERT_REQUIRED = tls.CERT_REQUIRED
PROTOCOL_TLS_CLIENT = tls.PROTOCOL_TLS_CLIENT
PROTOCOL_TLS_SERVER = tls.PROTOCOL_TLS_SERVER
MBEDTLS_VERSION = tls.MBEDTLS_VERSION

# Of the whole handshake's processor time, which is about a second on an ESP32 (the hardware notes) [S].
HANDSHAKE_MS = 1_000
# In: Certificate, whose signature is checked; ServerKeyExchange, the same; ServerHelloDone, on which we make our ECDHE.
_PERMILLE_IN = {11: 305, 12: 302, 14: 298}
_PERMILLE_OUT = {16: 81}  # ClientKeyExchange, behind which we sign CertificateVerify
_RECORD_MS = 1  # any other record [R]

_HANDSHAKE = 22
_IOCTL_POLL = 3
_IOCTL_CLOSE = 4
_POLLERR = 8
_POLLNVAL = 32
_SYNC_NET_PLAIN = 33


class _Wire(io.IOBase):
    # Between mbedTLS and the stream that it was given: sees the records pass.
    def __init__(self, stream):
        self._stream = stream
        self._head = bytearray()
        self._left = 0  # of the record that comes in
        self._out_left = 0
        self.cost_ms = 0
        self.encrypted = False

    def readinto(self, buf):
        count = self._stream.readinto(buf)
        if count:
            self._came(memoryview(buf)[:count])
        return count

    def _came(self, data):
        while len(data):
            if len(self._head) < 5:
                take = min(5 - len(self._head), len(data))
                self._head.extend(data[:take])
                if len(self._head) == 5:
                    self._left = self._head[3] << 8 | self._head[4]
            else:
                if len(self._head) == 5 and self._left:
                    self._head.append(data[0])  # the message's kind
                    self._record(self._head, _PERMILLE_IN)
                take = min(self._left, len(data))
                self._left -= take
                if not self._left:
                    self._head = bytearray()
            data = data[take:]

    def _record(self, head, shares):
        share = shares.get(head[5], 0) if head[0] == _HANDSHAKE and not self.encrypted else 0
        self.cost_ms += HANDSHAKE_MS * share // 1000 if share else _RECORD_MS
        if head[0] == 20:
            self.encrypted = True

    def write(self, data):
        count = self._stream.write(data)
        if count:
            if not self._out_left:
                self._record(data, _PERMILLE_OUT)
                self._out_left = 5 + (data[3] << 8 | data[4])
            self._out_left -= count
        return count

    def ioctl(self, request, argument):
        return self._stream.ioctl(request, argument)


def _built_in(protocol):
    # Of whose attributes the stubs know but half.
    return tls.SSLContext(protocol)


class SSLContext:
    def __init__(self, protocol):
        self._real = _built_in(protocol)
        self._real.verify_callback = self._look_at
        self.date_problem = ""

    def _look_at(self, certificate, depth):
        self.date_problem = self.date_problem or certificate_dates.problem(bytes(certificate))
        return -1 if self.date_problem else 0

    @property
    def verify_mode(self):
        return self._real.verify_mode

    @verify_mode.setter
    def verify_mode(self, mode):
        self._real.verify_mode = mode

    def load_cert_chain(self, cert, key):
        self._real.load_cert_chain(cert, key)

    def load_verify_locations(self, cadata):
        self._real.load_verify_locations(cadata)

    def wrap_socket(self, sock, *, server_side=False, do_handshake_on_connect=True, server_hostname=None):
        if do_handshake_on_connect:
            raise NotImplementedError("the shadow has no blocking handshake")
        wire = _Wire(sock)
        self.date_problem = ""
        real = self._real.wrap_socket(
            wire, server_side=server_side, do_handshake_on_connect=False, server_hostname=server_hostname
        )
        return SSLSocket(self, real, wire)


class SSLSocket(io.IOBase):
    def __init__(self, context, real, wire):
        self._context = context
        self._real = real
        self._wire = wire
        self._poll = uselect.poll()
        # The port waits a millisecond of ours in each poll of what has no file descriptor, unless something is ready that has one.
        self._poll.register(kernel.line.writer, uselect.POLLOUT)
        self._failed = False

    def _call(self, function, argument):
        try:
            return function(argument)
        except (OSError, ValueError):
            self._failed = True
            if self._context.date_problem:
                raise ValueError(self._context.date_problem) from None
            raise
        finally:
            cost_ms, self._wire.cost_ms = self._wire.cost_ms, 0
            if cost_ms:
                kernel.block(cost_ms)
                kernel.catch_up()

    def read(self, n=-1):
        data = self._call(self._real.read, n)
        if data:
            self._tell_plain(1, data)
        return data

    recv = read

    def write(self, data):
        count = self._call(self._real.write, data)
        if count:
            self._tell_plain(0, bytes(data[:count]))
        return count

    send = write

    def _tell_plain(self, came, data):
        # Virtual time waits for the answers that MQTT owes, and the supervisor cannot read what passes.
        if kernel.virtual():
            kernel.sync(_SYNC_NET_PLAIN, bytes((socket_tcp.last_number, came)) + data)

    def setblocking(self, flag):
        pass

    def close(self):
        self._real.close()

    def ioctl(self, request, argument):
        if request == _IOCTL_POLL:
            if self._failed:
                return _POLLNVAL | _POLLERR
            self._poll.register(self._real, argument)
            for ready, events in self._poll.ipoll(0):
                if ready is self._real:
                    return events
            return 0
        if request == _IOCTL_CLOSE:
            self.close()
            return 0
        return -1
