# Questions over UDP that never block: a name's address, and the time of day. Each is asked twice, and waited for twice 2 s.
import asyncio
import os
import select
import socket
import struct
import time

from report import dns, sntp

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TRIES = 2
WAIT_MS = 2_000
_LOOK_MS = 20
_DNS_PORT = 53
_NO_SERVER = ("", "0.0.0.0")


async def look_up(host: str, server: str) -> str:
    # The IPv4 address of a host. Raises DnsError, or OSError from the network.
    if dns.is_address(host):
        return host
    if server in _NO_SERVER:
        raise dns.DnsError("the network names no name server")
    asked = dns.query(struct.unpack(">H", os.urandom(2))[0], host)
    found = await _ask(server, _DNS_PORT, asked, lambda data: dns.address(data, asked))
    if not found:
        raise dns.DnsError("no answer from the name server")
    return str(found)


async def time_of_day(address: str) -> int:
    # Unix seconds as the server at an address has it. Raises SntpError, or OSError from the network.
    nonce = b"\x01" + os.urandom(7)
    found = await _ask(address, sntp.PORT, sntp.request(nonce), lambda data: sntp.unix_s(data, nonce))
    if not found:
        raise sntp.SntpError("no answer from the time server")
    return int(found)


async def _ask(address: str, port: int, question: bytes, understand: "Any") -> "Any":
    # What understand() makes of the first datagram that answers; "" when none does. understand() may raise.
    channel = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        channel.setblocking(False)
        poller = select.poll()
        poller.register(channel, select.POLLIN)
        for _ in range(TRIES):
            channel.sendto(question, (address, port))
            began = time.ticks_ms()
            while time.ticks_diff(time.ticks_ms(), began) < WAIT_MS:
                while poller.poll(0):
                    data, source = channel.recvfrom(dns.MOST_BYTES + 1)
                    if source[0] == address and source[1] == port:
                        answer = understand(data)
                        if answer:
                            return answer
                await asyncio.sleep_ms(_LOOK_MS)
        return ""
    finally:
        channel.close()
