"""Golden vectors: frames with what they mean, good and bad, bare and sealed. Their bytes are frozen; a change of them is a change
of the wire."""

from __future__ import annotations

import hashlib
import hmac
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
    vectors = {"good": _good(), "bad": _bad(), "sealed": _sealed(), "bad_seal": _bad_seal()}
    return json.dumps(vectors, indent=1, ensure_ascii=False) + "\n"


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


def _with_crc(body: bytes) -> bytes:
    return body + struct.pack(">I", _crc32(body))


def _bad() -> list[dict[str, Any]]:
    state = bytes.fromhex(_good()[5]["frame"])
    hello = bytes.fromhex(_good()[0]["frame"])
    header, payload = bytearray(state[: frame.HEADER_BYTES]), state[frame.HEADER_BYTES : -4]

    def with_header(at: int, value: int) -> bytes:
        changed = bytearray(header)
        changed[at] = value
        return _with_crc(bytes(changed) + payload)

    def with_payload(new: bytes, head: bytearray = header) -> bytes:
        changed = bytearray(head)
        changed[27:29] = struct.pack(">H", len(new))
        return _with_crc(bytes(changed) + new)

    contradiction = bytearray(payload)
    contradiction[1] = 2  # methane open, with a number beside it
    out_of_range = bytearray(payload)
    out_of_range[0] = 200
    too_cold = bytearray(payload)
    too_cold[34:36] = struct.pack(">h", -4001)
    no_reading = bytearray(payload)
    no_reading[34:36] = struct.pack(">h", -32768)
    flipped = bytearray(state)
    flipped[20] ^= 0x10
    hello_head = bytearray(hello[: frame.HEADER_BYTES])
    text = hello[frame.HEADER_BYTES : -5]  # up to the length of its identifier

    def with_text(raw: bytes) -> bytes:
        return with_payload(text + bytes((len(raw),)) + raw, hello_head)

    cases = [
        (b"", frame.TOO_SHORT),
        (state[:32], frame.TOO_SHORT),
        (state + bytes(frame.MAX_FRAME_BYTES), frame.TOO_LONG),
        (state[:-1], frame.BAD_CRC),
        (bytes(flipped), frame.BAD_CRC),
        (_with_crc(state[:-4] + b"\x00"), frame.LENGTH_MISMATCH),
        (with_header(0, 2), frame.OTHER_VERSION),
        (with_header(1, 1), frame.BAD_FLAGS),
        (with_header(2, 99), frame.UNKNOWN_TYPE),
        (with_payload(payload[:-1]), frame.SHORT_PAYLOAD),
        (with_payload(payload + b"\x00"), frame.TRAILING_BYTES),
        (with_payload(bytes(out_of_range)), frame.OUT_OF_RANGE),
        (with_payload(bytes(contradiction)), frame.CONTRADICTION),
        (with_payload(bytes(too_cold)), frame.OUT_OF_RANGE),
        (with_payload(bytes(no_reading)), frame.CONTRADICTION),
        # Out of range and too short or too long at once: the form is said before the values.
        (with_payload(bytes(out_of_range[:-1])), frame.SHORT_PAYLOAD),
        (with_payload(bytes(out_of_range) + b"\x00"), frame.TRAILING_BYTES),
        (with_text(b"\xff\xfe"), frame.BAD_TEXT),
        (with_text(b"\xc0\x80"), frame.BAD_TEXT),  # U+0000 in two bytes
        (with_text(b"\xe0\x80\xaf"), frame.BAD_TEXT),  # a slash in three
        (with_text(b"\xf0\x8f\xbf\xbf"), frame.BAD_TEXT),  # U+FFFF in four
        (with_text(b"\xed\xa0\x80"), frame.BAD_TEXT),  # a surrogate
        (with_text(b"\xf4\x90\x80\x80"), frame.BAD_TEXT),  # above U+10FFFF
        (with_text(b"\xf5\x80\x80\x80"), frame.BAD_TEXT),
        (with_text(b"A" * 65), frame.OUT_OF_RANGE),
        (with_payload(text + b"\x05ab", hello_head), frame.SHORT_PAYLOAD),
    ]
    return [{"frame": data.hex(), "reason": reason, "text": frame.REASONS[reason]} for data, reason in cases]


def _secrets() -> tuple[bytes, bytes]:
    dice = random.Random(_SEED + 1)
    return dice.randbytes(32), dice.randbytes(32)


def _key(secret: bytes) -> bytes:
    return hmac.new(secret, b"davy seal 1", hashlib.sha256).digest()


def _seal(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, hashlib.sha256).digest()[:16]


def _sealed() -> list[dict[str, str]]:
    # Python's own HMAC writes them: what the board's has to give.
    vectors = []
    for at, vector in enumerate(_good()[::2]):
        secret, data = _secrets()[at % 2], bytes.fromhex(vector["frame"])
        packet = data + _seal(_key(secret), data)
        vectors.append(
            {"secret": secret.hex(), "key": _key(secret).hex(), "frame": data.hex(), "packet": packet.hex()},
        )
    return vectors


def _bad_seal() -> list[dict[str, Any]]:
    one, two = (_key(secret) for secret in _secrets())
    event, other = (bytes.fromhex(_good()[at]["frame"]) for at in (11, 12))
    right = _seal(one, event)
    first, last = bytearray(right), bytearray(right)
    first[0] ^= 0x80
    last[-1] ^= 0x01
    cases = [
        (event, frame.NO_SEAL, "none"),
        (event + right[:-1], frame.NO_SEAL, "a byte short"),
        (event + right + b"\x00", frame.NO_SEAL, "a byte behind it"),
        (event + bytes(first), frame.BAD_SEAL, "its first bit"),
        (event + bytes(last), frame.BAD_SEAL, "its last bit"),
        (event + bytes(16), frame.BAD_SEAL, "zeros"),
        (event + _seal(two, event), frame.BAD_SEAL, "another unit's key"),
        (event + _seal(one, other), frame.BAD_SEAL, "another frame's seal"),
        (
            _with_crc(event[:18] + bytes((event[18] ^ 1,)) + event[19:-4]) + right,
            frame.BAD_SEAL,
            "the next seq, its CRC right",
        ),
    ]
    return [
        {"key": one.hex(), "packet": packet.hex(), "reason": reason, "text": text} for packet, reason, text in cases
    ]
