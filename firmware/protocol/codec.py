# Payloads: fields to bytes and back, range-checked both ways. `schema` is a module of tables in the form of messages.py: the
# device's own, or that of a part which speaks in the same frames.
import struct

from protocol import messages
from protocol.frame import BAD_TEXT, CONTRADICTION, GOOD, OUT_OF_RANGE, SHORT_PAYLOAD, TRAILING_BYTES

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TEXT = "text"
# With their length in one byte before them, as the last field only.
_COUNTED = (_TEXT, "data")


def _refuse(schema: "Any", message_type: int, name: str, value: object, low: int, high: int) -> None:
    raise ValueError("%s.%s is %s, not %s..%s" % (schema.NAMES[message_type], name, value, low, high))


def encode(message_type: int, fields: dict, schema: "Any" = messages) -> bytes:
    # The payload's bytes. None stands for "no reading" where a field has an invalid value.
    # ValueError names the field, its value and what would be right; KeyError a field that is not given.
    parts = []
    sized = schema.BYTES
    for name, kind, _unit, low, high, invalid, _since, _enum in schema.FIELDS[message_type]:
        value = fields[name]
        if kind in _COUNTED:
            raw = value.encode() if kind == _TEXT else bytes(value)
            if not low <= len(raw) <= high:
                _refuse(schema, message_type, name, "%d bytes long" % len(raw), low, high)
            parts.append(bytes((len(raw),)) + raw)
        elif kind in sized:
            if len(value) != low:
                _refuse(schema, message_type, name, "%d bytes long" % len(value), low, high)
            parts.append(bytes(value))
        elif value is None:
            if invalid is None:
                _refuse(schema, message_type, name, None, low, high)
            parts.append(struct.pack(">" + kind, invalid))
        else:
            if not low <= value <= high:
                _refuse(schema, message_type, name, value, low, high)
            parts.append(struct.pack(">" + kind, value))
    for status, readings in schema.READINGS.get(message_type, ()):
        for name in readings:
            if (fields[name] is None) != (fields[status] != 0):
                raise ValueError(
                    "%s.%s is %s while %s is %s"
                    % (schema.NAMES[message_type], name, fields[name], status, fields[status])
                )
    return b"".join(parts)


def _strict(raw: bytes) -> bool:
    # MicroPython's own check of UTF-8 takes forms that are longer than need be, surrogates and what is above U+10FFFF, all of
    # which RFC 3629 (section 3) forbids. raw: has passed that check, so each lead byte has its second.
    for at in range(len(raw)):
        lead = raw[at]
        if lead >= 0xC0:
            second = raw[at + 1]
            if lead < 0xC2 or lead > 0xF4 or (lead == 0xE0 and second < 0xA0) or (lead == 0xED and second > 0x9F):
                return False
            if (lead == 0xF0 and second < 0x90) or (lead == 0xF4 and second > 0x8F):
                return False
    return True


def decode(message_type: int, payload: bytes, schema: "Any" = messages) -> tuple:
    # (fields, 0), or (None, reason): the form before the values, so that any two decoders give one reason. Never raises on bytes.
    fields: dict = {}
    at = 0
    size = len(payload)
    outside = False
    sized = schema.BYTES
    for name, kind, _unit, low, high, invalid, _since, _enum in schema.FIELDS[message_type]:
        if kind in _COUNTED:
            length = payload[at] if at < size else size
            if at + 1 + length > size:
                return None, SHORT_PAYLOAD
            if not low <= length <= high:
                return None, OUT_OF_RANGE
            raw = payload[at + 1 : at + 1 + length]
            at += 1 + length
            if kind != _TEXT:
                fields[name] = bytes(raw)
                continue
            try:
                fields[name] = str(raw, "utf-8")
            except UnicodeError:
                return None, BAD_TEXT
            if not _strict(raw):
                return None, BAD_TEXT
            continue
        width = struct.calcsize(">" + kind)
        if at + width > size:
            return None, SHORT_PAYLOAD
        value = struct.unpack_from(">" + kind, payload, at)[0]
        at += width
        if kind in sized:
            value = bytes(value)
        elif invalid is not None and value == invalid:
            value = None
        elif not low <= value <= high:
            outside = True
        fields[name] = value
    if at != size:
        return None, TRAILING_BYTES
    if outside:
        return None, OUT_OF_RANGE
    for status, readings in schema.READINGS.get(message_type, ()):
        for name in readings:
            if (fields[name] is None) != (fields[status] != 0):
                return None, CONTRADICTION
    return fields, GOOD
