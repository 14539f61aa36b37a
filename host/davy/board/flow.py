"""One TCP connection of a virtual board to a real peer, and how virtual time waits for what the peer owes."""

from __future__ import annotations

import select
import socket
import time
from typing import TYPE_CHECKING

from davy.board import network
from davy.board.mqtt_gate import PUBLISH, Gate, in_order
from davy.board.mqtt_tls_gate import TlsGate, is_tls

if TYPE_CHECKING:
    from davy.board.network import AccessPoint


class Flow:
    """`blocked` while the peer takes no more bytes: then the board's send buffer is full."""

    def __init__(self, access_point: AccessPoint, address: tuple[str, int]) -> None:
        """Raises OSError when the peer does not take the connection."""
        self._access_point = access_point
        self.socket = socket.socket()
        try:
            # Before connecting: a buffer that has grown does not shrink.
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, network.SEND_BUFFER_BYTES)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.socket.settimeout(network.CONNECT_TIMEOUT_S)
            self.socket.connect(address)
        except OSError:
            self.socket.close()
            raise
        self.socket.setblocking(False)
        self.closed_by_peer = False
        self.was_reset = False  # closed with a RST
        #: Bytes that may be on their way to the board's program; in real time what is beyond waits at the peer.
        self.window_bytes = network.RECEIVE_WINDOW_BYTES
        self._unsent = bytearray()
        self._gate = Gate(access_point.monitored)
        self._tls: TlsGate | None = None
        self._spoken = False
        self._patience_s = network.PATIENCE_S
        self._monitor_answers = True

    @property
    def blocked(self) -> bool:
        return bool(self._unsent)

    @property
    def encrypted(self) -> bool:
        return self._tls is not None

    @property
    def waiting(self) -> bool:
        """Whether an answer is owed, as far as one can tell."""
        return self._gate.waiting if self._tls is None else self._tls.waiting

    def send(self, data: bytes) -> None:
        """What the board sent. A peer that is gone shows as closed_by_peer."""
        if not self._spoken:
            self._spoken = True
            if is_tls(data):
                self._tls = TlsGate(self._access_point.monitored)
        self._note_sent(data)
        self._unsent += data
        self.flush()

    def flush(self) -> None:
        """Let the peer have what it did not take so far."""
        try:
            while self._unsent and select.select([], [self.socket], [], network.QUIET_S)[1]:
                del self._unsent[: self.socket.send(self._unsent)]
        except BlockingIOError:
            pass
        except OSError as error:
            self._unsent.clear()
            self.closed_by_peer = True
            self.was_reset = isinstance(error, ConnectionResetError)

    def plain(self, came: bool, data: bytes) -> None:
        """What the board said inside TLS, or (`came`) was told; it is told after it has passed."""
        if self._tls is not None:
            self._tls.told = True
            self._tls.mqtt.replies = self._access_point.monitored and self._monitor_answers
            if came:
                if any(packet[0] >> 4 == PUBLISH for packet in self._tls.mqtt.came(data)):
                    self._monitor_answers = True
            else:
                self._tls.mqtt.sent(data)

    def receive_owed(self) -> list[bytes]:
        """Packets from the peer; waits on the wall clock, within patience, for those that are owed.

        Of a peer that speaks TLS what there is, in one piece.
        """
        if self._tls is None:
            return self._receive_plain()
        return self._receive_hidden(self._tls) if self._tls.told else []

    def receive_ready(self) -> bytes:
        """Bytes that are there now, for a board in real time."""
        data = b""
        while not self.closed_by_peer and self.window_bytes > 0 and self._readable(0):
            came = self._read(self.window_bytes)
            self.window_bytes -= len(came)
            data += came
        return data

    def close(self) -> None:
        self.socket.close()

    # How it works

    def _note_sent(self, data: bytes) -> None:
        if self._tls is not None:
            self._tls.sent(data)
            return
        self._gate.replies = self._access_point.monitored and self._monitor_answers
        self._gate.sent(data)

    def _receive_plain(self) -> list[bytes]:
        packets: list[bytes] = []
        deadline = time.monotonic() + self._patience_s
        while not self.closed_by_peer:
            left_s = deadline - time.monotonic() if self._gate.waiting else 0.0
            if not self._readable(max(0.0, left_s)):
                break
            packets += self._gate.came(self._read())
        if any(packet[0] >> 4 == PUBLISH for packet in packets):
            self._monitor_answers = True
        if self._gate.waiting and not self.closed_by_peer:
            self._lose_patience(self._gate.only_replies_missing)
            return in_order(packets) + self._gate.forgive()
        return in_order(packets)

    def _receive_hidden(self, gate: TlsGate) -> list[bytes]:
        data = b""
        if gate.waiting and not self.closed_by_peer and not self._readable(self._patience_s):
            self._lose_patience(gate.mqtt.waiting and gate.mqtt.only_replies_missing)
            gate.forgive()
        while not self.closed_by_peer and self._readable(network.QUIET_S if gate.waiting else 0):
            data += self._read()
            gate.came()
        return [data] if data else []

    def _lose_patience(self, only_replies: bool) -> None:
        # Waiting for each answer of a peer that gives none would bring the run to wall-clock speed.
        self._access_point.late_answers += 1
        if only_replies:
            self._monitor_answers = False
        else:
            self._patience_s = network.SHORT_PATIENCE_S

    def _readable(self, within_s: float) -> bool:
        return bool(select.select([self.socket], [], [], within_s)[0])

    def _read(self, most_bytes: int = 1 << 16) -> bytes:
        data = b""
        try:
            data = self.socket.recv(most_bytes)
        except OSError as error:
            self.was_reset = isinstance(error, ConnectionResetError)
        if not data:
            self.closed_by_peer = True
        return data
