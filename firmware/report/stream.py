# What carries the bytes to the broker: TCP, and TLS on it. Nothing here blocks, and each wait has its end.
import asyncio
import errno
import select
import socket
import time

from report.records import OneRecord

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CONNECT_MS = 10_000
HANDSHAKE_MS = 20_000  # about a second of our processor time, a poor network, and a busy broker
_LOOK_MS = 20


async def connected(address: str, port: int) -> "Any":
    # A socket that does not block, connected. Raises OSError; ETIMEDOUT when nobody answers.
    channel = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        channel.setblocking(False)
        try:
            channel.connect((address, port))
        except OSError as error:
            if error.args[0] != errno.EINPROGRESS:
                raise
        poller = select.poll()
        poller.register(channel, select.POLLOUT)
        began = time.ticks_ms()
        while not poller.poll(0):
            if time.ticks_diff(time.ticks_ms(), began) >= CONNECT_MS:
                raise OSError(errno.ETIMEDOUT)
            await asyncio.sleep_ms(_LOOK_MS)
        return channel
    except BaseException:
        channel.close()
        raise


def plain(channel: "Any") -> "Any":
    # The stream of a connected socket.
    return asyncio.StreamReader(channel)


def trusting(credentials: tuple) -> "Any":
    # What TLS knows of us and of the broker's CA, for all connections: made early, while there are large holes in the heap.
    # credentials: (certificate, key, CA), each DER. Raises ValueError for those that cannot be used.
    import tls

    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    context.load_cert_chain(credentials[0], credentials[1])
    context.load_verify_locations(credentials[2])
    return context


def secured(channel: "Any", host: str, context: "Any") -> "Any":
    # The stream of a connected socket, in TLS. The first write does the handshake: it raises ValueError for a server that is
    # not who it should be (`host` must be in its certificate, the CA have signed it, the calendar clock be within it), or
    # OSError.
    wrapped = context.wrap_socket(OneRecord(channel), server_hostname=host, do_handshake_on_connect=False)
    return asyncio.StreamReader(wrapped)
