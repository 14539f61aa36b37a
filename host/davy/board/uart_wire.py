"""The two wires between a host's port and a chip's UART, each with a sender's and a receiver's baud rate.

Unlimited, bytes are there at once. Limited, each takes the ten bit times that it takes on a wire, and a sender that is faster
than the wire waits. A receiver that listens at another rate hears garbage, as on a real line.
"""

from __future__ import annotations

from collections import deque

#: UARTs bear this much difference between the two sides, in thousandths.
_TOLERANCE_PERMILLE = 40
_BITS_PER_BYTE = 10
_GARBAGE = 0x80
#: Bytes that a sender may have on the wire or in front of it before it has to wait.
MOST_WAITING_BYTES = 4096
#: Bytes are handed on in pieces of about this long, not one by one.
_PIECE_S = 0.004


class Wire:
    """One direction. Times are seconds of one monotonic clock, given by the caller."""

    def __init__(self, *, limited: bool) -> None:
        self.limited = limited
        self.passed_bytes = 0
        self._waiting: deque[tuple[float, float, bytes]] = deque()  # (start, seconds a byte, bytes)
        self._waiting_bytes = 0
        self._free_s = 0.0

    def put(self, data: bytes, sent_baud: int, heard_baud: int, now_s: float) -> None:
        """Bytes begin to leave now, or when those before them have left."""
        if abs(sent_baud - heard_baud) * 1000 > heard_baud * _TOLERANCE_PERMILLE:
            data = bytes((byte ^ _GARBAGE) | 1 for byte in data)
        start_s = max(now_s, self._free_s)
        byte_s = _BITS_PER_BYTE / sent_baud if self.limited else 0.0
        self._free_s = start_s + byte_s * len(data)
        self._waiting.append((start_s, byte_s, data))
        self._waiting_bytes += len(data)

    def take(self, now_s: float) -> bytes:
        """What has arrived by now."""
        arrived = bytearray()
        while self._waiting:
            start_s, byte_s, data = self._waiting[0]
            count = len(data) if byte_s == 0 else min(len(data), int((now_s - start_s) / byte_s + 1e-6))
            if count <= 0:
                break
            arrived += data[:count]
            if count < len(data):
                self._waiting[0] = (start_s + count * byte_s, byte_s, data[count:])
                break
            self._waiting.popleft()
        self._waiting_bytes -= len(arrived)
        self.passed_bytes += len(arrived)
        return bytes(arrived)

    def next_s(self) -> float | None:
        """When to look again; None when nothing is on its way."""
        if not self._waiting:
            return None
        start_s, byte_s, data = self._waiting[0]
        return start_s + min(len(data) * byte_s, max(byte_s, _PIECE_S))

    @property
    def full(self) -> bool:
        """The sender has to wait."""
        return self._waiting_bytes >= MOST_WAITING_BYTES

    def clear(self) -> None:
        """The power went: nothing more arrives."""
        self._waiting.clear()
        self._waiting_bytes = 0
        self._free_s = 0.0
