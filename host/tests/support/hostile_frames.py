"""Frames as a broken line or a stranger would make them: of good ones of every type, hurt in every way that costs no key.

A packet is what comes over MQTT: a frame, with its seal or bare. `mended` says that the frame's CRC was made right again after it
was hurt, which only malice does: then nothing but the seal is left to tell.
"""

from __future__ import annotations

import struct
from binascii import crc32
from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

from davy.codec import Decoded, decode_frame, seal_frame, seal_key
from protocol import codec, messages
from protocol.frame import CRC_BYTES, HEADER_BYTES, encode
from protocol.seal import SEAL_BYTES

#: Good frames of each type, of each of three senders.
FRAMES_EACH = 8
_LENGTH_AT = HEADER_BYTES - 2
_TEXTS = ("", "88.118.8/GA26000001", "标" * 21 + "x", "é", "𝛼" * 16)


class Originals:
    """Good frames and the same ones sealed, of two units and of the monitor of the first, with what knows them again."""

    def __init__(self, dice: Random) -> None:
        #: source -> the secret of a unit.
        self.secrets = {dice.randbytes(6) + bytes(2): dice.randbytes(32) for _ in range(2)}
        #: source -> the key of its seals; the last is the monitor's.
        self.keys = {source: seal_key(secret) for source, secret in self.secrets.items()}
        self.keys[dice.randbytes(8)] = next(iter(self.keys.values()))
        #: A key that belongs to nobody here.
        self.stranger = seal_key(dice.randbytes(32))
        self.frames = [
            random_frame(message_type, source, dice)
            for source in self.keys
            for message_type in messages.FIELDS
            for _ in range(FRAMES_EACH)
        ]
        self.packets = [seal_frame(self.keys[frame[3:11]], frame) for frame in self.frames]
        self.known_frames = frozenset(self.frames)
        self.known_packets = frozenset(self.packets)
        found = [decode_frame(frame) for frame in self.frames]
        self.known_messages = frozenset(one for one in found if isinstance(one, Decoded))
        if len(self.known_messages) != len(self.frames):
            raise AssertionError("a good frame is not taken, or not like any other")


class Hostile(NamedTuple):
    """A packet, how it was hurt, and whether its frame's CRC was made right afterwards."""

    kind: str
    data: bytes
    mended: bool


def random_fields(message_type: int, dice: Random) -> dict[str, Any]:
    """Fields of a message, each at an end of its range or anywhere in it; readings agree with their status."""
    fields: dict[str, Any] = {}
    for name, kind, _unit, low, high, invalid, _since, _enum in messages.FIELDS[message_type]:
        if kind == "text":
            fields[name] = dice.choice(_TEXTS)
        elif kind in messages.BYTES:
            fields[name] = dice.choice((bytes(low), b"\xff" * low, dice.randbytes(low), dice.randbytes(low)))
        else:
            top = high - 1 if high == invalid else high
            fields[name] = dice.choice((low, top, dice.randint(low, top), dice.randint(low, top)))
    for status, readings in messages.READINGS.get(message_type, ()):
        # Half of them with numbers: a status drawn from eleven seldom is OK.
        fields[status] = dice.choice((0, fields[status]))
        if fields[status] != 0:
            fields.update(dict.fromkeys(readings))
    return fields


def random_frame(message_type: int, source: bytes, dice: Random, **given: object) -> bytes:
    """A good frame of a sender, with the fields that are given."""
    payload = codec.encode(message_type, {**random_fields(message_type, dice), **given})
    return encode(message_type, source, dice.getrandbits(32), dice.getrandbits(32), dice.getrandbits(64), payload)


def flipped(data: bytes, dice: Random) -> bytes:
    """1 to 16 bits are wrong."""
    changed = bytearray(data)
    bits = len(changed) * 8
    for _ in range(1 + int(dice.random() * 16)):
        at = int(dice.random() * bits)
        changed[at >> 3] ^= 1 << (at & 7)
    return bytes(changed)


def one_bit(data: bytes, dice: Random) -> bytes:
    """One bit is wrong."""
    changed = bytearray(data)
    at = int(dice.random() * len(changed) * 8)
    changed[at >> 3] ^= 1 << (at & 7)
    return bytes(changed)


def _bytes_changed(data: bytes, dice: Random) -> bytes:
    # Ends of ranges more often than chance has them.
    changed = bytearray(data)
    for _ in range(1 + int(dice.random() * 6)):
        value = dice.getrandbits(8)
        changed[int(dice.random() * len(changed))] = (0, 0xFF, value, value)[value & 3]
    return bytes(changed)


def _burst(data: bytes, dice: Random) -> bytes:
    size = 1 + int(dice.random() * 32)
    at = int(dice.random() * len(data))
    return data[:at] + dice.randbytes(min(size, len(data) - at)) + data[at + size :]


def _truncated(data: bytes, dice: Random) -> bytes:
    at = int(dice.random() * len(data))
    return data[at + 1 :] if dice.random() < 0.2 else data[:at]


def _extended(data: bytes, dice: Random) -> bytes:
    more = dice.randbytes(1 + int(dice.random() * 40))
    if dice.random() < 0.05:
        more *= 400 // len(more)
    at = int(dice.random() * (len(data) + 1))
    return data[:at] + more + data[at:] if dice.random() < 0.5 else data + more


def _without_a_piece(data: bytes, dice: Random) -> bytes:
    at = int(dice.random() * len(data))
    return data[:at] + data[at + 1 + int(dice.random() * 8) :]


def _spliced(data: bytes, other: bytes, dice: Random) -> bytes:
    head = int(dice.random() * (len(data) + 1))
    # The same place of both half the time: then each field is a good one's.
    tail = head if dice.random() < 0.5 else int(dice.random() * (len(other) + 1))
    return data[:head] + other[tail:]


def _payload_swapped(data: bytes, other: bytes, _dice: Random) -> bytes:
    return data[:HEADER_BYTES] + other[HEADER_BYTES:-CRC_BYTES] + data[-CRC_BYTES:]


def _payload_forged(data: bytes, dice: Random) -> bytes:
    # One field or two, to what is or once was a value of something.
    changed = bytearray(data)
    for _ in range(1 + int(dice.random() * 2)):
        at = HEADER_BYTES + int(dice.random() * (len(changed) - HEADER_BYTES))
        changed[at] = dice.choice((0, 1, 2, 3, 0x7F, 0x80, 0xFF))
    return bytes(changed)


def _other_header(data: bytes, dice: Random) -> bytes:
    # What makes a new one of an old one: session, seq, uptime; or another's type or source.
    changed = bytearray(data)
    at, size = dice.choice(((11, 4), (15, 4), (19, 8), (3, 8), (2, 1), (0, 1), (1, 1), (_LENGTH_AT, 2)))
    changed[at : at + size] = dice.randbytes(size) if dice.random() < 0.5 else bytes((dice.getrandbits(3),)) * size
    return bytes(changed)


_HURTS: dict[str, Callable[[bytes, Random], bytes]] = {
    "bits flipped": flipped,
    "bytes changed": _bytes_changed,
    "burst": _burst,
    "truncated": _truncated,
    "extended": _extended,
    "piece missing": _without_a_piece,
    "header forged": _other_header,
    "payload forged": _payload_forged,
}
_JOINS: dict[str, Callable[[bytes, bytes, Random], bytes]] = {"spliced": _spliced, "payload swapped": _payload_swapped}
_RESEALED = "seal of another"
_REPLAYED = "replayed"
KINDS = (*_HURTS, *_JOINS, _RESEALED, _REPLAYED)


def mend(frame: bytes, dice: Random) -> bytes:
    """The frame with its CRC made right; half of them with their length, too."""
    body = bytearray(frame[:-CRC_BYTES])
    if len(body) >= HEADER_BYTES and dice.random() < 0.5:
        struct.pack_into(">H", body, _LENGTH_AT, len(body) - HEADER_BYTES)
    return bytes(body) + crc32(body).to_bytes(CRC_BYTES, "big")


def hostile(originals: Originals, dice: Random) -> Hostile:
    """One packet. Half of them bare; half of the frames that were hurt mended."""
    at = int(dice.random() * len(originals.frames))
    frame = originals.frames[at]
    kind = KINDS[int(dice.random() * len(KINDS))]
    if kind == _REPLAYED:
        return Hostile(kind, originals.packets[at] if dice.random() < 0.5 else frame, False)
    if kind == _RESEALED:
        return Hostile(kind, frame + _seal(originals, frame, dice), False)
    sealed = dice.random() < 0.5
    mending = dice.random() < 0.5
    if sealed and not mending:
        # As a line would have it: the seal is hurt with the frame.
        frame = originals.packets[at]
    if kind in _HURTS:
        hurt = _HURTS[kind](frame, dice)
    else:
        others = originals.packets if sealed and not mending else originals.frames
        hurt = _JOINS[kind](frame, others[int(dice.random() * len(others))], dice)
    if not mending or len(hurt) < CRC_BYTES:
        return Hostile(kind, hurt, False)
    hurt = mend(hurt, dice)
    if not sealed:
        return Hostile(kind, hurt, True)
    mark = originals.packets[at][-SEAL_BYTES:] if dice.random() < 0.3 else _seal(originals, hurt, dice)
    return Hostile(kind, hurt + mark, True)


def _seal(originals: Originals, frame: bytes, dice: Random) -> bytes:
    """A seal that is not this frame's: of another frame, by a stranger, by another unit, or a bit beside the right one."""
    way = int(dice.random() * 4)
    if way == 0:
        return dice.choice(originals.packets)[-SEAL_BYTES:]
    own = originals.keys.get(frame[3:11])
    if way == 1 or own is None:
        return seal_frame(originals.stranger, frame)[-SEAL_BYTES:]
    if way == 2:
        key = next(key for key in originals.keys.values() if key != own)
        return seal_frame(key, frame)[-SEAL_BYTES:]
    return one_bit(seal_frame(own, frame)[-SEAL_BYTES:], dice)
