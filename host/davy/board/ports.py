"""Ports to a chip's UART0, as a computer has them: a pseudo-terminal, and an RFC 2217 server whose DTR and RTS reach the chip.

Both stand before the same USB-to-serial chip: what the UART says goes to whoever listens, and each sends at the rate that it
has set.
"""

from __future__ import annotations

import abc
import contextlib
import os
import pty
import socket
import termios
import time
import tty
from collections.abc import Callable
from typing import Any

from serial import rfc2217

_RATES = {getattr(termios, name): int(name[1:]) for name in dir(termios) if name[0] == "B" and name[1:].isdigit()}
_MOST_READ = 2048
_MOST_WRITTEN = 65_536
_UNREAD_S = 1.0
DEFAULT_BAUD = 115_200


class _Outbox(abc.ABC):
    """Bytes on their way to a program that may read slowly, or not at all: then they are lost, as at a port nobody has open."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._moved_s = 0.0

    @property
    def waiting(self) -> bool:
        return bool(self._pending)

    def write(self, data: bytes) -> None:
        """To the program, now or as it reads."""
        if not self._pending:
            self._moved_s = time.monotonic()
        self._pending += data
        self.flush()

    def flush(self) -> None:
        """Hand on what the program has room for."""
        if not self._pending:
            return
        sent = self._send(bytes(self._pending[:_MOST_WRITTEN]))
        del self._pending[:sent]
        now_s = time.monotonic()
        if sent:
            self._moved_s = now_s
        elif now_s - self._moved_s > _UNREAD_S:
            self._pending.clear()
            self._unread()

    @abc.abstractmethod
    def _send(self, data: bytes) -> int:
        """As many bytes as the program has room for."""

    @abc.abstractmethod
    def _unread(self) -> None:
        """Nobody reads."""


class PtyPort(_Outbox):
    """`path` is what a program opens. It has no DTR and RTS: a chip is not reset through it."""

    def __init__(self) -> None:
        super().__init__()
        self._master, self._slave = pty.openpty()
        tty.setraw(self._master)
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        # The slave stays open here, so that the port outlives each program that opens it.
        self.path = os.ttyname(self._slave)
        self._set_rate(DEFAULT_BAUD)

    def _set_rate(self, baud: int) -> None:
        attributes = termios.tcgetattr(self._slave)
        attributes[4] = attributes[5] = getattr(termios, f"B{baud}")
        termios.tcsetattr(self._slave, termios.TCSANOW, attributes)

    @property
    def baud(self) -> int:
        """As the program has set it."""
        with contextlib.suppress(termios.error):
            return _RATES.get(termios.tcgetattr(self._slave)[5], DEFAULT_BAUD)
        return DEFAULT_BAUD

    def fileno(self) -> int:
        return self._master

    def read(self) -> bytes:
        """What the program has sent."""
        try:
            return os.read(self._master, _MOST_READ)
        except (BlockingIOError, OSError):
            return b""

    def _send(self, data: bytes) -> int:
        try:
            return os.write(self._master, data)
        except BlockingIOError:
            return 0

    def _unread(self) -> None:
        termios.tcflush(self._slave, termios.TCIFLUSH)

    def close(self) -> None:
        os.close(self._master)
        os.close(self._slave)


class _Settings:
    """What an RFC 2217 client may set: attributes as pyserial's server side expects them."""

    def __init__(self, lines: Callable[[bool, bool], None], purge: Callable[[], None]) -> None:
        self.baudrate = DEFAULT_BAUD
        self.bytesize, self.parity, self.stopbits = 8, "N", 1
        self.xonxoff = self.rtscts = self.break_condition = False
        self.cts = self.dsr = True
        self.ri = self.cd = False
        self._dtr = self._rts = False
        self._lines = lines
        self._purge = purge

    @property
    def dtr(self) -> bool:
        return self._dtr

    @dtr.setter
    def dtr(self, asserted: bool) -> None:
        self._dtr = asserted
        self._lines(self._dtr, self._rts)

    @property
    def rts(self) -> bool:
        return self._rts

    @rts.setter
    def rts(self, asserted: bool) -> None:
        self._rts = asserted
        self._lines(self._dtr, self._rts)

    def reset_input_buffer(self) -> None:
        self._purge()

    def reset_output_buffer(self) -> None:
        pass


class _Connection:
    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock

    def write(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            self._socket.sendall(data)


class Rfc2217Port(_Outbox):
    """Serves one program at a time at `url`; the next one gets the port when the one before has gone."""

    def __init__(self, lines: Callable[[bool, bool], None], purge: Callable[[], None], port: int = 0) -> None:
        super().__init__()
        self._listener = socket.create_server(("127.0.0.1", port))
        self._listener.setblocking(False)
        self.url = f"rfc2217://127.0.0.1:{self._listener.getsockname()[1]}"
        self._lines, self._purge = lines, purge
        self._client: socket.socket | None = None
        self._settings = _Settings(lines, purge)
        self._manager: Any = None

    @property
    def baud(self) -> int:
        """As the program has set it."""
        return self._settings.baudrate

    def fileno(self) -> int:
        return (self._client or self._listener).fileno()

    def read(self) -> bytes:
        """What the program has sent; takes a new program in when there is none."""
        if self._client is None:
            self._accept()
            return b""
        try:
            data = self._client.recv(_MOST_READ)
        except (BlockingIOError, InterruptedError):
            return b""
        except OSError:
            data = b""
        if not data:
            self._gone()
            return b""
        return b"".join(self._manager.filter(data))

    def write(self, data: bytes) -> None:
        """To the program, if there is one."""
        if self._client is not None:
            super().write(b"".join(self._manager.escape(data)))

    def _send(self, data: bytes) -> int:
        if self._client is None:
            return len(data)
        try:
            return self._client.send(data, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return 0
        except OSError:
            return len(data)

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
        self._listener.close()

    def _unread(self) -> None:
        """What it did not fetch is lost; the connection stays."""

    def _accept(self) -> None:
        try:
            self._client, _ = self._listener.accept()
        except (BlockingIOError, OSError):
            return
        self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client.settimeout(5)
        self._settings = _Settings(self._lines, self._purge)
        settings: Any = self._settings  # it wants a whole serial port and uses these attributes of one
        connection: Any = _Connection(self._client)
        self._manager = rfc2217.PortManager(settings, connection)

    def _gone(self) -> None:
        # A port that is closed lets both lines go.
        if self._client is not None:
            self._client.close()
            self._client = None
            self._pending.clear()
            self._lines(False, False)
