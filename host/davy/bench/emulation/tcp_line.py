"""A line of an emulated bench as a TCP port: bytes of one client at a time, counted since it connected."""

from __future__ import annotations

import select
import socket
import time

_MOST_READ = 65_536
_UNREAD_BYTES = 8_000_000


class TcpLine:
    """Serves on 127.0.0.1. A second client is turned away; a client that does not read loses what no longer fits."""

    def __init__(self, port: int = 0) -> None:
        self._listener: socket.socket | None = None
        self._client: socket.socket | None = None
        self.took = 0
        self.gave = 0
        self._taken = bytearray()
        self._pending = bytearray()
        self.plug_in(port)

    def plug_in(self, port: int = 0) -> None:
        """Listen, again at the same port unless another is named. No effect while plugged in."""
        if self._listener is None:
            self._listener = socket.create_server(("127.0.0.1", port or getattr(self, "port", 0)))
            self._listener.setblocking(False)
            self.port: int = self._listener.getsockname()[1]

    def unplug(self) -> None:
        """The client finds its port gone, and so does whoever comes after."""
        self._drop()
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    close = unplug

    def sources(self) -> list[socket.socket]:
        """What to wait for, for reading."""
        return [each for each in (self._listener, self._client) if each is not None]

    def sinks(self) -> list[socket.socket]:
        """What to wait for, for writing."""
        return [self._client] if self._client is not None and self._pending else []

    def poll(self) -> None:
        """Take in what the client has sent, and a new one; hand on what is pending. Never waits."""
        self._receive()
        self._accept()
        self._flush()

    def take(self, most: int | None = None) -> bytes:
        """Bytes of the client that nobody has taken yet, up to the most-th since it connected."""
        count = len(self._taken)
        if most is not None:
            count = max(0, min(count, most - (self.took - count)))
        data = bytes(self._taken[:count])
        del self._taken[:count]
        return data

    def wait_for(self, count: int, within_s: float) -> bool:
        """Whether so many bytes came since the client connected, within so many wall seconds. Of no client none are expected."""
        end_s = time.monotonic() + within_s
        self.poll()
        while self._client is not None and self.took < count:
            left_s = end_s - time.monotonic()
            if left_s <= 0:
                return False
            select.select(self.sources(), [], [], left_s)
            self.poll()
        return True

    def give(self, data: bytes) -> None:
        """To the client, now or as it reads; nowhere when there is none."""
        if self._client is None:
            return
        if len(self._pending) + len(data) > _UNREAD_BYTES:
            self._drop()
            return
        self.gave += len(data)
        self._pending += data

    # How it works

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None
        self.took = self.gave = 0
        self._taken.clear()
        self._pending.clear()

    def _receive(self) -> None:
        while self._client is not None:
            try:
                data = self._client.recv(_MOST_READ)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                data = b""
            if not data:
                self._drop()
                return
            self.took += len(data)
            self._taken += data

    def _accept(self) -> None:
        while self._listener is not None:
            try:
                client, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError):
                return
            if self._client is not None:
                client.close()
                continue
            client.setblocking(False)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._client = client
            self._receive()

    def _flush(self) -> None:
        while self._client is not None and self._pending:
            try:
                sent = self._client.send(self._pending)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                self._drop()
                return
            del self._pending[:sent]
