"""A TCP port that is now a good broker, now a bad peer: what stands at the end of a board's connection, for one test."""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from pathlib import Path

Behaviour = Callable[[socket.socket], None]


class Switch:
    """Hands each connection to `behaviour`, on a thread of its own; what it holds is closed at the end."""

    def __init__(self, behaviour: Behaviour, receive_bytes: int | None = None) -> None:
        """`receive_bytes`: of the buffer for what is not read."""
        self.behaviour = behaviour
        self.connections = 0
        self._server = socket.socket()
        if receive_bytes is not None:
            self._server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self._server.bind(("127.0.0.1", 0))
        self._server.listen()
        self.port = int(self._server.getsockname()[1])
        self._held: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            self._held.append(connection)
            threading.Thread(target=self._handle, args=(connection, self.behaviour), daemon=True).start()

    def _handle(self, connection: socket.socket, behaviour: Behaviour) -> None:
        with contextlib.suppress(OSError, ValueError):
            behaviour(connection)

    def hang_up(self) -> None:
        """Close what is open now."""
        for connection in self._held:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        self._held.clear()

    def close(self) -> None:
        self._server.close()
        self.hang_up()


def silent(connection: socket.socket) -> None:
    """Accepts, and says nothing. What comes is left where it is."""


def says(data: bytes) -> Behaviour:
    """Answers the first bytes with these, and then nothing."""

    def behave(connection: socket.socket) -> None:
        if connection.recv(1):
            connection.sendall(data)

    return behave


def reset_after(count: int) -> Behaviour:
    """Takes so many bytes and then resets the connection (RST, not FIN)."""

    def behave(connection: socket.socket) -> None:
        got = 0
        while got < count and (data := connection.recv(count - got)):
            got += len(data)
        reset(connection)

    return behave


def forward(port: int, reset_after_bytes: int | None = None) -> Behaviour:
    """To a real server. After so many bytes of the server's the connection is reset."""

    def behave(connection: socket.socket) -> None:
        came = 0
        other = socket.create_connection(("127.0.0.1", port))
        with selectors.DefaultSelector() as selector, other:
            selector.register(connection, selectors.EVENT_READ)
            selector.register(other, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    source, target = (other, connection) if key.fileobj is other else (connection, other)
                    data = source.recv(1 << 16)
                    if not data:
                        connection.close()
                        return
                    came += len(data) if source is other else 0
                    if reset_after_bytes is not None and came > reset_after_bytes:
                        reset(connection)
                        return
                    target.sendall(data)

    return behave


def reset(connection: socket.socket) -> None:
    """End it with a RST, not a FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def serve_tls(server: Path, ca_pem: Path | None = None) -> Behaviour:
    """OpenSSL with a certificate; it asks for the client's when `ca_pem` is given. Ends with the handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server)
    if ca_pem is not None:
        context.load_verify_locations(ca_pem)
        context.verify_mode = ssl.CERT_REQUIRED

    def behave(connection: socket.socket) -> None:
        wrapped = context.wrap_socket(connection, server_side=True)
        wrapped.recv(1)
        wrapped.close()

    return behave
