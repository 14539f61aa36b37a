"""The messages between supervisor and board process. The other side is boards/virtual/shadow/kernel.py.

Every message is a little-endian u32 length (of what follows it), a u8 kind, and a body. Times are virtual
milliseconds since the supervisor began, as i64.
"""

from __future__ import annotations

import enum
import struct
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

#: A grant carries at most this many samples a channel (the board keeps one buffer of that size for each).
MAX_SAMPLES = 601

_HEAD = struct.Struct("<IB")
_GRANT = struct.Struct("<qqHHHH")


class Message(enum.IntEnum):
    """Kinds of messages: the first two go to the board, the others come from it.

    IDLE tells two times: now, and when the program will go on by itself. A grant may start anywhere between them.
    """

    GRANT = 1
    RESULT = 2
    OUTPUT = 16
    IDLE = 17
    CALL = 18
    SYNC = 19
    RESET = 20
    READY = 21


class Out(enum.IntEnum):
    """What an OUTPUT or SYNC tells."""

    PIN = 1
    PWM = 2
    UART = 3
    CONSOLE = 4
    BREAK = 5
    WLAN_JOIN = 6
    WLAN_LEAVE = 7
    NET_CONNECT = 13
    NET_SEND = 14
    NET_CLOSE = 15
    FLASH = 30
    POWER_LOST = 31
    NET_DATAGRAM = 32
    NET_PLAIN = 33
    NET_TAKEN = 34
    I2C = 35


class Call(enum.IntEnum):
    """What a CALL asks."""

    NVS = 1
    RESOLVE = 2
    I2C = 3


class In(enum.IntEnum):
    """What a grant brings to the board."""

    PIN = 1
    UART = 2
    WLAN = 3
    NET_CONNECTED = 4
    NET_FAILED = 5
    NET_DATA = 6
    NET_CLOSED = 7
    UART_TIMED = 8
    PAD_HELD = 9
    SLOW_CLOCK = 10
    CONSOLE = 11
    NET_DATAGRAM = 20
    FLASH_CUT = 21
    NET_ROOM = 22


@dataclass
class Grant:
    """A stretch of virtual time, the samples that hold in it, and what arrives at its start."""

    start_ms: int
    end_ms: int
    period_ms: int
    channels: dict[int, NDArray[np.int32]]
    inputs: list[tuple[In, bytes]] = field(default_factory=list)

    def encode(self) -> bytes:
        """The message's bytes."""
        count = len(next(iter(self.channels.values()))) if self.channels else 1
        parts = [_GRANT.pack(self.start_ms, self.end_ms, self.period_ms, count, len(self.channels), len(self.inputs))]
        for pin, samples_uv in self.channels.items():
            parts.append(bytes((pin,)))
            parts.append(samples_uv.astype("<i4").tobytes())
        for kind, body in self.inputs:
            parts.append(struct.pack("<BH", kind, len(body)) + body)
        return encode(Message.GRANT, b"".join(parts))


def encode(kind: Message, body: bytes) -> bytes:
    """A message's bytes."""
    return _HEAD.pack(len(body) + 1, kind) + body


def result(status: int, answer: bytes = b"") -> bytes:
    """The answer to a CALL: a status (negative: an error number of the port) and bytes."""
    return encode(Message.RESULT, struct.pack("<i", status) + answer)


class MessageReader:
    """Cuts the stream from the board into (kind, body)."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[tuple[Message, bytes]]:
        """Every message that is complete now."""
        buffer = self._buffer
        buffer += data
        found = []
        at = 0
        while len(buffer) - at >= _HEAD.size:
            length, kind = _HEAD.unpack_from(buffer, at)
            end = at + 4 + length
            if len(buffer) < end:
                break
            found.append((Message(kind), bytes(buffer[at + 5 : end])))
            at = end
        del buffer[:at]
        return found


def timed_frames(uart: int, frames: list[tuple[int, bytes]]) -> bytes:
    """Body of an UART_TIMED: what will be on a line when, until the next one says otherwise."""
    parts = [struct.pack("<BH", uart, len(frames))]
    parts += [struct.pack("<qB", t_ms, len(frame)) + frame for t_ms, frame in frames]
    return b"".join(parts)
