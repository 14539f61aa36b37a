# Payloads: fields to bytes and back, range-checked both ways.
import struct

from protocol.frame import BAD_TEXT, CONTRADICTION, GOOD, OUT_OF_RANGE, SHORT_PAYLOAD, TRAILING_BYTES
from protocol.messages import BYTES, FIELDS, NAMES, READINGS

_TEXT = "text"


def _refuse(message_type: int, name: str, value: object, low: int, high: int) -> None:
    raise ValueError("%s.%s is %s, not %s..%s" % (NAMES[message_type], name, value, low, high))


def encode(message_type: int, fields: dict) -> bytes:
    # The payload's bytes. None stands for "no reading" where a field has an invalid value.
    # ValueError names the field, its value and what would be right; KeyError a field that is not given.
    parts = []
    for name, kind, _unit, low, high, invalid, _since, _enum in FIELDS[message_type]:
        value = fields[name]
        if kind == _TEXT:
            raw = value.encode()
            if not low <= len(raw) <= high:
                _refuse(message_type, name, "%d bytes long" % len(raw), low, high)
            parts.append(bytes((len(raw),)) + raw)
        elif kind in BYTES:
            if len(value) != low:
                _refuse(message_type, name, "%d bytes long" % len(value), low, high)
            parts.append(bytes(value))
        elif value is None:
            if invalid is None:
                _refuse(message_type, name, None, low, high)
            parts.append(struct.pack(">" + kind, invalid))
        else:
            if not low <= value <= high:
                _refuse(message_type, name, value, low, high)
            parts.append(struct.pack(">" + kind, value))
    for status, readings in READINGS.get(message_type, ()):
        for name in readings:
            if (fields[name] is None) != (fields[status] != 0):
                raise ValueError(
                    "%s.%s is %s while %s is %s" % (NAMES[message_type], name, fields[name], status, fields[status])
                )
    return b"".join(parts)


def decode(message_type: int, payload: bytes) -> tuple:
    # (fields, 0), or (None, reason). Never raises on bytes.
    fields: dict = {}
    at = 0
    size = len(payload)
    for name, kind, _unit, low, high, invalid, _since, _enum in FIELDS[message_type]:
        if kind == _TEXT:
            length = payload[at] if at < size else size
            if at + 1 + length > size:
                return None, SHORT_PAYLOAD
            if not low <= length <= high:
                return None, OUT_OF_RANGE
            try:
                fields[name] = str(payload[at + 1 : at + 1 + length], "utf-8")
            except UnicodeError:
                return None, BAD_TEXT
            at += 1 + length
            continue
        width = struct.calcsize(">" + kind)
        if at + width > size:
            return None, SHORT_PAYLOAD
        value = struct.unpack_from(">" + kind, payload, at)[0]
        at += width
        if kind in BYTES:
            value = bytes(value)
        elif invalid is not None and value == invalid:
            value = None
        elif not low <= value <= high:
            return None, OUT_OF_RANGE
        fields[name] = value
    if at != size:
        return None, TRAILING_BYTES
    for status, readings in READINGS.get(message_type, ()):
        for name in readings:
            if (fields[name] is None) != (fields[status] != 0):
                return None, CONTRADICTION
    return fields, GOOD
