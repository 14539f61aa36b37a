"""What a compiled MicroPython function needs: the size of its state, read out of .mpy files (format 6).

The interpreter keeps a function's state (arguments, locals and the stack of its expressions) on the C stack up to
`ON_STACK` slots; a larger one is a block of the heap, searched for and given back at each call.
"""

from __future__ import annotations

from collections.abc import Iterator

#: VM_MAX_STATE_ON_STACK of the interpreter, in machine words.
ON_STACK = 11

_TUPLE, _ELLIPSIS_LAST = 10, 4
_STRING_TYPES = (5, 6)  # str, bytes: followed by a zero


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def uint(self) -> int:
        value = 0
        while True:
            byte = self.byte()
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                return value

    def take(self, count: int) -> bytes:
        self.at += count
        return self.data[self.at - count : self.at]


def state_sizes(mpy: bytes) -> dict[str, int]:
    """Name of each function of a module (methods of all classes together) -> slots of its state, the largest of a name."""
    reader = _Reader(mpy)
    if reader.take(2) != b"M\x06":
        raise ValueError("not an .mpy file of format 6")
    reader.take(2)
    qstr_count, object_count = reader.uint(), reader.uint()
    names = [_qstr(reader) for _ in range(qstr_count)]
    for _ in range(object_count):
        _object(reader)
    sizes: dict[str, int] = {}
    for name, size in _code(reader, names):
        sizes[name] = max(size, sizes.get(name, 0))
    return sizes


def _qstr(reader: _Reader) -> str:
    length = reader.uint()
    if length & 1:
        return f"<{length >> 1}>"
    text = reader.take(length >> 1).decode()
    reader.take(1)
    return text


def _object(reader: _Reader) -> None:
    kind = reader.byte()
    if kind <= _ELLIPSIS_LAST:
        return
    if kind == _TUPLE:
        for _ in range(reader.uint()):
            _object(reader)
        return
    reader.take(reader.uint() + (1 if kind in _STRING_TYPES else 0))


def _code(reader: _Reader, names: list[str]) -> Iterator[tuple[str, int]]:
    head = reader.uint()
    length, has_children, kind = head >> 3, head >> 2 & 1, head & 3
    body = _Reader(reader.take(length))
    if kind == 0:
        yield _signature(body, names)
    if has_children:
        for _ in range(reader.uint()):
            yield from _code(reader, names)


def _signature(body: _Reader, names: list[str]) -> tuple[str, int]:
    byte = body.byte()
    slots = byte >> 3 & 0x0F
    more = 0
    while byte & 0x80:
        byte = body.byte()
        slots |= (byte & 0x30) << 2 * more
        more += 1
    while body.byte() & 0x80:
        pass  # sizes of the tables that follow
    return names[body.uint()], slots + 1
