"""What decoding gives."""

from __future__ import annotations

from typing import NamedTuple

from davy.codec.generated import Message


class Decoded(NamedTuple):
    """A good frame: who sent it (8 bytes), in which session, its number, the sender's uptime, and the message."""

    source: bytes
    session: int
    seq: int
    uptime_ms: int
    message: Message


class Rejected(NamedTuple):
    """Bytes that are no good frame: the reason's number (protocol.frame), and in words."""

    reason: int
    text: str
