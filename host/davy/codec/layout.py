"""Each message's fields as one precompiled struct with its checks, built from the shared table at import."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from davy.codec.generated import CLASSES, Message
from protocol import messages
from protocol.frame import BAD_TEXT, CONTRADICTION, GOOD, OUT_OF_RANGE, SHORT_PAYLOAD, TRAILING_BYTES

_RANGES = {
    "b": (-(1 << 7), (1 << 7) - 1),
    "B": (0, 0xFF),
    "h": (-(1 << 15), (1 << 15) - 1),
    "H": (0, 0xFFFF),
    "I": (0, 0xFFFFFFFF),
    "Q": (0, (1 << 64) - 1),
    "i": (-(1 << 31), (1 << 31) - 1),
}


@dataclass(frozen=True)
class Layout:
    """One message. Positions are those of the fields in its class."""

    message_type: int
    message_class: type[Message]
    fixed: struct.Struct
    names: tuple[str, ...]
    #: (position, low, high): those whose wire type could hold more than the field may.
    bounded: tuple[tuple[int, int, int], ...]
    #: (position, length) of those that are so many bytes: struct would cut or fill them up without a word.
    sized: tuple[tuple[int, int], ...]
    #: (position, invalid value)
    invalid: tuple[tuple[int, int], ...]
    #: (position of the status, positions of its readings)
    readings: tuple[tuple[int, tuple[int, ...]], ...]
    #: (position, longest in bytes) of the text at the end, if there is one.
    text: tuple[int, int] | None

    def pack(self, message: Message) -> bytes:
        """The payload's bytes. Raises ValueError naming the field."""
        values: list[object] = list(message)
        for status, positions in self.readings:
            for at in positions:
                if (values[at] is None) != (values[status] != 0):
                    raise ValueError(self._said(at, values[at], f"contradicts {self.names[status]} {values[status]}"))
        for at, invalid in self.invalid:
            if values[at] is None:
                values[at] = invalid
            elif values[at] == invalid:
                raise ValueError(self._said(at, invalid, "is the invalid value; give None"))
        for at, low, high in self.bounded:
            value = values[at]
            if not (isinstance(value, int) and low <= value <= high) and (at, value) not in self.invalid:
                raise ValueError(self._said(at, value, f"is not {low}..{high}"))
        for at, length in self.sized:
            value = values[at]
            if not isinstance(value, bytes) or len(value) != length:
                said = f"{len(value)} bytes long" if isinstance(value, bytes) else value
                raise ValueError(self._said(at, said, f"is not {length} bytes"))
        tail = b""
        if self.text is not None:
            at, longest = self.text
            tail = str(values.pop(at)).encode()
            if len(tail) > longest:
                raise ValueError(self._said(at, f"{len(tail)} bytes long", f"is more than {longest}"))
            tail = bytes((len(tail),)) + tail
        try:
            return self.fixed.pack(*values) + tail
        except struct.error as error:
            raise ValueError(f"{messages.NAMES[self.message_type]}: {error}") from error

    def unpack(self, payload: bytes) -> tuple[Message | None, int]:
        """(message, 0) or (None, reason)."""
        size = self.fixed.size
        if len(payload) < size:
            return None, SHORT_PAYLOAD
        if self.text is None:
            if len(payload) > size:
                return None, TRAILING_BYTES
            values = list(self.fixed.unpack(payload))
        else:
            values = list(self.fixed.unpack_from(payload))
            reason, text = self._text(payload, size)
            if reason:
                return None, reason
            values.append(text)
        for at, low, high in self.bounded:
            if not low <= values[at] <= high and (at, values[at]) not in self.invalid:
                return None, OUT_OF_RANGE
        for at, invalid in self.invalid:
            if values[at] == invalid:
                values[at] = None
        for status, positions in self.readings:
            faulty = values[status] != 0
            for at in positions:
                if (values[at] is None) != faulty:
                    return None, CONTRADICTION
        return self.message_class._make(values), GOOD

    def _text(self, payload: bytes, at: int) -> tuple[int, str]:
        assert self.text is not None
        if at >= len(payload) or at + 1 + payload[at] > len(payload):
            return SHORT_PAYLOAD, ""
        if payload[at] > self.text[1]:
            return OUT_OF_RANGE, ""
        raw = payload[at + 1 : at + 1 + payload[at]]
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            return BAD_TEXT, ""
        return (TRAILING_BYTES, "") if at + 1 + len(raw) != len(payload) else (GOOD, text)

    def _said(self, at: int, value: object, problem: str) -> str:
        return f"{messages.NAMES[self.message_type]}.{self.names[at]}: {value!r} {problem}"


def _layout(message_type: int) -> Layout:
    fields = messages.FIELDS[message_type]
    names = tuple(field[0] for field in fields)
    whole = [(at, field) for at, field in enumerate(fields) if field[1] != "text"]
    return Layout(
        message_type=message_type,
        message_class=CLASSES[message_type],
        fixed=struct.Struct(">" + "".join(field[1] for _, field in whole)),
        names=names,
        bounded=tuple(
            (at, field[3], field[4])
            for at, field in whole
            if field[1] in _RANGES and (field[3], field[4]) != _RANGES[field[1]]
        ),
        sized=tuple((at, field[3]) for at, field in whole if field[1] in messages.BYTES),
        invalid=tuple((at, field[5]) for at, field in whole if field[5] is not None),
        readings=tuple(
            (names.index(status), tuple(names.index(name) for name in readings))
            for status, readings in messages.READINGS.get(message_type, ())
        ),
        text=next(((at, field[4]) for at, field in enumerate(fields) if field[1] == "text"), None),
    )


LAYOUTS = {message_type: _layout(message_type) for message_type in messages.FIELDS}
BY_CLASS = {layout.message_class: layout for layout in LAYOUTS.values()}
