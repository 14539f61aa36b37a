# Shadow of `socket`: TCP and UDP through the supervisor's access point.
from errno import EOPNOTSUPP

import kernel
import network
from socket_tcp import TcpSocket
from socket_udp import UdpSocket

AF_INET = 2
SOCK_STREAM = 1
SOCK_DGRAM = 2
SOL_SOCKET = 4095
SO_REUSEADDR = 4
IPPROTO_TCP = 6
IPPROTO_UDP = 17

_CALL_RESOLVE = 2
_DNS_MS = 20  # a look-up on a near access point; it blocks, as on the chip
_DNS_FAIL_MS = 4000


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


def socket(family=AF_INET, kind=SOCK_STREAM, proto=0):
    if family != AF_INET or kind not in (SOCK_STREAM, SOCK_DGRAM):
        raise OSError(EOPNOTSUPP)
    return TcpSocket() if kind == SOCK_STREAM else UdpSocket()
