"""A TCP port that stays ours while nobody listens on it."""

from __future__ import annotations

import socket


class HeldPort:
    """Bound, never listening: who connects is refused, and a program that binds with SO_REUSEADDR, as servers do, may listen.

    Without it a port that was free a moment ago can be given to any connection of this machine, even to one that tries to
    reach it. `close` lets it go.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Port 0: one that is free. Raises OSError when the address is another's."""
        self._socket = socket.socket()
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind((host, port))
        except BaseException:
            self._socket.close()
            raise
        self.port = int(self._socket.getsockname()[1])

    def close(self) -> None:
        """No effect the second time."""
        self._socket.close()

    def __enter__(self) -> HeldPort:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
