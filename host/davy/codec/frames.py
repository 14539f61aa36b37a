"""Frames to bytes and back. What the straight-line codecs do not find perfect is judged here, with crcmod's CRC."""

from __future__ import annotations

import struct

import crcmod.predefined

from davy.codec.decoded import Decoded, Rejected
from davy.codec.fast import PACKERS, UNPACKERS
from davy.codec.generated import Message
from davy.codec.layout import BY_CLASS, LAYOUTS
from protocol import frame as wire
from protocol.messages import PROTOCOL_VERSION

_crc32 = crcmod.predefined.mkCrcFun("crc-32")
_HEADER = struct.Struct(wire.HEADER)
_CRC = struct.Struct(">I")
_OVERHEAD = wire.HEADER_BYTES + wire.CRC_BYTES
_LIMITS = {"session": 0xFFFFFFFF, "seq": 0xFFFFFFFF, "uptime_ms": (1 << 64) - 1, "flags": 0xFF}


def _rejected(reason: int) -> Rejected:
    return Rejected(reason, wire.REASONS[reason])


def encode_frame(source: bytes, session: int, seq: int, uptime_ms: int, message: Message, flags: int = 0) -> bytes:
    """The frame's bytes. Raises ValueError naming the field that is out of range."""
    if not flags and type(message) in PACKERS:
        data = PACKERS[type(message)](source, session, seq, uptime_ms, message)
        if data is not None:
            return data
    layout = BY_CLASS[type(message)]
    payload = layout.pack(message)
    if len(source) != 8:
        raise ValueError(f"frame.source: {len(source)} bytes is not 8")
    try:
        head = _HEADER.pack(PROTOCOL_VERSION, flags, layout.message_type, source, session, seq, uptime_ms, len(payload))
    except struct.error:
        given = {"session": session, "seq": seq, "uptime_ms": uptime_ms, "flags": flags}
        bad = next(name for name, value in given.items() if not 0 <= value <= _LIMITS[name])
        raise ValueError(f"frame.{bad}: {given[bad]} is not 0..{_LIMITS[bad]}") from None
    body = head + payload
    return body + _CRC.pack(_crc32(body))


def decode_frame(data: bytes) -> Decoded | Rejected:
    """What any bytes are: a frame with its message, or the reason why not."""
    size = len(data)
    if size > 2:
        unpacker = UNPACKERS.get(data[2])
        if unpacker is not None:
            found = unpacker(data)
            if found is not None:
                return found
    if size < _OVERHEAD:
        return _rejected(wire.TOO_SHORT)
    if size > wire.MAX_FRAME_BYTES:
        return _rejected(wire.TOO_LONG)
    # The CRC first: what is corrupt must not be taken for a newer version or an unknown type.
    if _crc32(data[:-4]) != _CRC.unpack_from(data, size - 4)[0]:
        return _rejected(wire.BAD_CRC)
    version, flags, message_type, source, session, seq, uptime_ms, length = _HEADER.unpack_from(data)
    if version != PROTOCOL_VERSION:
        return _rejected(wire.OTHER_VERSION)
    if length != size - _OVERHEAD:
        return _rejected(wire.LENGTH_MISMATCH)
    if flags:
        return _rejected(wire.BAD_FLAGS)
    layout = LAYOUTS.get(message_type)
    if layout is None:
        return _rejected(wire.UNKNOWN_TYPE)
    message, reason = layout.unpack(data[wire.HEADER_BYTES : -4])
    if message is None:
        return _rejected(reason)
    return Decoded(source, session, seq, uptime_ms, message)
