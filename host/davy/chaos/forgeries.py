"""Packets that a stranger makes: each has everything right but what it cannot know, a unit's key."""

from __future__ import annotations

import random
from collections.abc import Iterable

from davy.codec import (
    Ack,
    Challenge,
    Clock,
    Command,
    CommandKind,
    Decoded,
    Event,
    EventKind,
    Gas,
    Hello,
    Product,
    Proof,
    Result,
    Setting,
    Tier,
    decode_frame,
    encode_frame,
    seal_frame,
    split_seal,
)

_SEAL_BYTES = 16
_MONITOR = b"monitor\x00"
_MOST_SESSION, _MOST_SEQ = 6, 60


def spoilt(chance: random.Random, data: bytes, other: bytes) -> bytes:
    """A captured packet with a wrong bit, an end missing, bytes too many, or the end of another one."""
    way = chance.randrange(5)
    if way == 0 and data:
        at = chance.randrange(len(data))
        return data[:at] + bytes((data[at] ^ 1 << chance.randrange(8),)) + data[at + 1 :]
    if way == 1 and data:
        return data[: chance.randrange(len(data))]
    if way == 2:
        return data + chance.randbytes(chance.randrange(1, 20))
    if way == 3:
        return split_seal(data)[0] + split_seal(other)[1]
    at = chance.randrange(len(data) + 1)
    return data[:at] + other[at:]


def events(chance: random.Random, source: bytes) -> list[bytes]:
    """An alarm that nobody had, in sessions and with numbers that the unit may be at."""
    found = []
    for _ in range(12):
        session, seq = chance.randrange(1, _MOST_SESSION), chance.randrange(_MOST_SEQ)
        alarm = Event(EventKind.ALARM, Gas.METHANE, 2, 15_000, 1_000 * seq, chance.randrange(10), None, None)
        found += _unsealed_and_wrong(chance, encode_frame(source, session, seq, 1_000 * seq, alarm))
    return found


def hellos(chance: random.Random, source: bytes, identifier: str) -> list[bytes]:
    """The unit of this identifier, it says, and a proof that proves nothing."""
    hello = Hello(
        1, 0, 0, 1, 0, Tier.MID, 1, bytes(8), b"virtual".ljust(16, b"\0"), Product(1), 0, None, Clock.UNKNOWN, None, identifier
    )  # fmt: skip
    proof = Proof(chance.randbytes(16), chance.randbytes(32), bytes(8))
    session, seq = chance.randrange(1, _MOST_SESSION), chance.randrange(_MOST_SEQ)
    found = _unsealed_and_wrong(chance, encode_frame(source, session, seq, 5_000, hello))
    return found + _unsealed_and_wrong(chance, encode_frame(source, session, seq + 1, 5_100, proof))


def acks(chance: random.Random, source: bytes, heard: Iterable[tuple[str, bytes]]) -> list[bytes]:
    """Of every event of the unit that was heard, and of numbers that it may have beside."""
    wanted = {(chance.randrange(1, _MOST_SESSION), seq) for seq in range(_MOST_SEQ // 4)}
    for _, data in heard:
        frame = decode_frame(split_seal(data)[0])
        if isinstance(frame, Decoded) and frame.source == source and isinstance(frame.message, Event):
            wanted.add((frame.session, frame.seq))
    found = []
    for session, seq in sorted(wanted):
        ack = Ack(source, session, seq, Result.STORED)
        found += _unsealed_and_wrong(chance, encode_frame(_MONITOR, 1, seq, 1_000, ack))
    return found


def commands(chance: random.Random, source: bytes) -> list[bytes]:
    """Every command there is, for sessions that the unit may be in, and for none, as from a person at the wire."""
    found = []
    for kind in CommandKind:
        if kind is CommandKind.NONE:
            continue
        for session, number in ((chance.randrange(1, _MOST_SESSION), chance.randrange(1, 1_000_000)), (0, 0)):
            setting = Setting.MQTT_STATE_MS if kind is CommandKind.SET else Setting.NONE
            command = Command(source, session, number, kind, setting, 1_796_083_200)
            found += _unsealed_and_wrong(chance, encode_frame(_MONITOR, 1, number, 1_000, command))
    return found


def challenge(chance: random.Random, source: bytes) -> bytes:
    """A question whose answer proves nothing but that the unit was asked."""
    return encode_frame(_MONITOR, 1, 1, 1_000, Challenge(source, chance.randbytes(16)))


def _unsealed_and_wrong(chance: random.Random, frame: bytes) -> list[bytes]:
    return [frame, seal_frame(chance.randbytes(32), frame), frame + bytes(_SEAL_BYTES)]
