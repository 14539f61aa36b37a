"""The access point of a virtual board, and the way from it to real brokers on this machine."""

from __future__ import annotations

import select
import socket
import time
from dataclasses import dataclass, field

from davy.board.mqtt_gate import PUBLISH, Gate, in_order

#: Virtual milliseconds: joining, a round trip to the broker, and the monitor's answer after the broker's.
JOIN_MS = 1_800
JOIN_FAIL_MS = 2_600
BEACON_LOSS_MS = 3_000
ROUND_TRIP_MS = 8
REPLY_MS = 20

CONNECT_TIMEOUT_S = 5.0
#: Wall seconds that virtual time is held for an answer, and once an answer stayed away.
PATIENCE_S = 5.0
SHORT_PATIENCE_S = 0.05

ECONNREFUSED = 111
ECONNRESET = 104


@dataclass
class AccessPoint:
    """A WPA2 access point. `hosts` maps a name that the board looks up to a real (address, port).

    `monitored`: a monitor listens behind the broker, and virtual time waits for its acknowledgements.
    """

    hosts: dict[str, tuple[str, int]] = field(default_factory=dict)
    ssid: str = "davy"
    key: str = "davy-virtual"
    up: bool = True
    monitored: bool = True
    late_answers: int = 0

    def resolve(self, name: str) -> str | None:
        """An address out of TEST-NET-2 for a known name: the board never sees this machine's own."""
        names = sorted(self.hosts)
        return f"198.51.100.{names.index(name) + 1}" if self.up and name in names else None

    def real_address(self, address: str) -> tuple[str, int] | None:
        """Where a connection to `address` (a name, or what resolve gave) really goes."""
        if address in self.hosts:
            return self.hosts[address]
        for name in self.hosts:
            if self.resolve(name) == address:
                return self.hosts[name]
        return None


class Flow:
    """One TCP connection of the board to a real peer."""

    def __init__(self, access_point: AccessPoint, address: tuple[str, int]) -> None:
        """Raises OSError when the peer does not take the connection."""
        self._access_point = access_point
        self.socket = socket.create_connection(address, timeout=CONNECT_TIMEOUT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(CONNECT_TIMEOUT_S)
        self.closed_by_peer = False
        self._gate = Gate(access_point.monitored)
        self._patience_s = PATIENCE_S
        self._monitor_answers = True

    def send(self, data: bytes) -> None:
        """What the board sent. A peer that is gone shows as closed_by_peer."""
        self._gate.replies = self._access_point.monitored and self._monitor_answers
        self._gate.sent(data)
        try:
            self.socket.sendall(data)
        except OSError:
            self.closed_by_peer = True

    def receive_owed(self) -> list[bytes]:
        """Packets from the peer; waits on the wall clock, within patience, for those that are owed."""
        packets: list[bytes] = []
        deadline = time.monotonic() + self._patience_s
        while not self.closed_by_peer:
            left_s = deadline - time.monotonic() if self._gate.waiting else 0.0
            if not select.select([self.socket], [], [], max(0.0, left_s))[0]:
                break
            packets += self._gate.came(self._read())
        if any(packet[0] >> 4 == PUBLISH for packet in packets):
            self._monitor_answers = True
        if self._gate.waiting and not self.closed_by_peer:
            # Waiting for each answer of a peer that gives none would bring the run to wall-clock speed.
            self._access_point.late_answers += 1
            if self._gate.only_replies_missing:
                self._monitor_answers = False
            else:
                self._patience_s = SHORT_PATIENCE_S
            return in_order(packets) + self._gate.forgive()
        return in_order(packets)

    def receive_ready(self) -> bytes:
        """Bytes that are there now, for a board in real time."""
        data = b""
        while not self.closed_by_peer and select.select([self.socket], [], [], 0)[0]:
            data += self._read()
        return data

    def _read(self) -> bytes:
        try:
            data = self.socket.recv(1 << 16)
        except OSError:
            data = b""
        if not data:
            self.closed_by_peer = True
        return data

    def close(self) -> None:
        self.socket.close()
