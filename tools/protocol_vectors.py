"""Golden vectors: frames with what they mean, good and bad. Their bytes are frozen; a change of them is a change of the wire."""

from __future__ import annotations

import json
import random
import struct
from typing import Any

import crcmod.predefined

from protocol import codec, frame, messages

_SEED = 1
_SOURCE = bytes.fromhex("02da9f0c11220000")
_crc32 = crcmod.predefined.mkCrcFun("crc-32")


def render() -> str:
    """vectors.json as text."""
    return json.dumps({"good": _good(), "bad": _bad()}, indent=1, ensure_ascii=False) + "\n"


def _good() -> list[dict[str, Any]]:
    dice = random.Random(_SEED)
    vectors = []
    for message_type in messages.FIELDS:
        for variant in ("lowest", "highest", "random", "random", "random"):
            fields = _fields(message_type, variant, dice)
            session, seq, uptime_ms = dice.getrandbits(32), dice.getrandbits(32), dice.getrandbits(48)
            payload = codec.encode(message_type, fields)
            data = frame.encode(message_type, _SOURCE, session, seq, uptime_ms, payload)
            shown = {name: value.hex() if isinstance(value, bytes) else value for name, value in fields.items()}
            head = {
                "type": message_type,
                "source": _SOURCE.hex(),
                "session": session,
                "seq": seq,
                "uptime_ms": uptime_ms,
            }
            vectors.append({"frame": data.hex(), **head, "fields": shown})
    return vectors


def _fields(message_type: int, variant: str, dice: random.Random) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, kind, _unit, low, high, invalid, _since, _enum in messages.FIELDS[message_type]:
        if kind == "text":
            fields[name] = {"lowest": "", "highest": "标" * 21 + "x"}.get(variant, "88.118.8/GA26000001")
        elif kind in messages.BYTES:
            fields[name] = {"lowest": bytes(low), "highest": b"\xff" * low}.get(variant, dice.randbytes(low))
        else:
            top = high - 1 if high == invalid else high
            fields[name] = {"lowest": low, "highest": top}.get(variant, dice.randint(low, top))
    for status, readings in messages.READINGS.get(message_type, ()):
        if fields[status] != 0:
            fields.update(dict.fromkeys(readings))
    return fields


def _sealed(body: bytes) -> bytes:
    return body + struct.pack(">I", _crc32(body))


def _bad() -> list[dict[str, Any]]:
    state = bytes.fromhex(_good()[5]["frame"])
    hello = bytes.fromhex(_good()[0]["frame"])
    header, payload = bytearray(state[: frame.HEADER_BYTES]), state[frame.HEADER_BYTES : -4]

    def with_header(at: int, value: int) -> bytes:
        changed = bytearray(header)
        changed[at] = value
        return _sealed(bytes(changed) + payload)

    def with_payload(new: bytes, head: bytearray = header) -> bytes:
        changed = bytearray(head)
        changed[27:29] = struct.pack(">H", len(new))
        return _sealed(bytes(changed) + new)

    contradiction = bytearray(payload)
    contradiction[1] = 2  # methane open, with a number beside it
    out_of_range = bytearray(payload)
    out_of_range[0] = 200
    flipped = bytearray(state)
    flipped[20] ^= 0x10
    hello_head = bytearray(hello[: frame.HEADER_BYTES])
    cases = [
        (b"", frame.TOO_SHORT),
        (state[:32], frame.TOO_SHORT),
        (state + bytes(frame.MAX_FRAME_BYTES), frame.TOO_LONG),
        (state[:-1], frame.BAD_CRC),
        (bytes(flipped), frame.BAD_CRC),
        (_sealed(state[:-4] + b"\x00"), frame.LENGTH_MISMATCH),
        (with_header(0, 2), frame.OTHER_VERSION),
        (with_header(1, 1), frame.BAD_FLAGS),
        (with_header(2, 99), frame.UNKNOWN_TYPE),
        (with_payload(payload[:-1]), frame.SHORT_PAYLOAD),
        (with_payload(payload + b"\x00"), frame.TRAILING_BYTES),
        (with_payload(bytes(out_of_range)), frame.OUT_OF_RANGE),
        (with_payload(bytes(contradiction)), frame.CONTRADICTION),
        (with_payload(hello[frame.HEADER_BYTES : -5] + b"\x02\xff\xfe", hello_head), frame.BAD_TEXT),
        (with_payload(hello[frame.HEADER_BYTES : -5] + b"\x05ab", hello_head), frame.SHORT_PAYLOAD),
    ]
    return [{"frame": data.hex(), "reason": reason, "text": frame.REASONS[reason]} for data, reason in cases]
