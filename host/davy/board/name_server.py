"""The DNS server of a virtual access point: A records, in the packet format of RFC 1035, and ways to be a bad one."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Callable
from typing import Literal, get_args

Mood = Literal[
    "good", "silent", "late", "nxdomain", "servfail", "garbage", "wrong_id", "alias", "truncated", "stranger"
]
MOODS: tuple[str, ...] = get_args(Mood)
PORT = 53

_HEAD = struct.Struct(">HHHHHH")
_RESPONSE, _TRUNCATED, _RECURSION = 0x8000, 0x0200, 0x0180
_SERVFAIL, _NXDOMAIN = 2, 3
_A, _CNAME, _IN = 1, 5, 1
_TTL_S = 60
_NAME_AT = 0xC000 | _HEAD.size  # a pointer to the question's name
_MOST_LABEL = 63


class BadQuestion(Exception):
    """A datagram that is no question of one name for its address."""


def parse_question(data: bytes) -> tuple[int, str]:
    """(id, name) of a query. Raises BadQuestion for anything a strict server would drop."""
    if len(data) < _HEAD.size:
        raise BadQuestion("shorter than a header")
    number, flags, questions, answers, authorities, more = _HEAD.unpack_from(data)
    if flags & ~0x0100 or (questions, answers, authorities, more) != (1, 0, 0, 0):
        raise BadQuestion(f"flags {flags:#06x}, counts {questions} {answers} {authorities} {more}")
    at, labels = _HEAD.size, []
    while at < len(data) and data[at]:
        count = data[at]
        label = data[at + 1 : at + 1 + count]
        if count > _MOST_LABEL or len(label) != count:
            raise BadQuestion("a label that does not fit")
        labels.append(label.decode("ascii"))
        at += 1 + count
    if data[at:] != struct.pack(">BHH", 0, _A, _IN):
        raise BadQuestion("not the address of a name in the internet class, or bytes behind it")
    return number, ".".join(labels)


def reply(data: bytes, resolve: Callable[[str], str | None], mood: str) -> bytes | None:
    """The answer to a datagram; None when the server keeps silent. Raises BadQuestion."""
    number, name = parse_question(data)
    if mood == "silent":
        return None
    if mood == "garbage":
        return bytes(range(200, 256)) * 2
    if mood == "wrong_id":
        number ^= 0xFFFF
    address = resolve(name)
    question = data[_HEAD.size :]
    if mood == "servfail":
        return _head(number, _SERVFAIL, 0) + question
    if address is None or mood == "nxdomain":
        return _head(number, _NXDOMAIN, 0) + question
    if mood == "truncated":
        return _head(number, _TRUNCATED, 0) + question
    found = ipaddress.IPv4Address(address).packed
    if mood != "alias":
        return _head(number, 0, 1) + question + _record(struct.pack(">H", _NAME_AT), _A, found)
    # The alias stands in the answer as a label and a pointer to the rest of the question's own name.
    alias = b"\x02gw" + struct.pack(">H", _NAME_AT)
    at = _HEAD.size + len(question) + 2 + 10
    first = _record(struct.pack(">H", _NAME_AT), _CNAME, alias)
    return _head(number, 0, 2) + question + first + _record(struct.pack(">H", 0xC000 | at), _A, found)


def _head(number: int, code: int, answers: int) -> bytes:
    return _HEAD.pack(number, _RESPONSE | _RECURSION | code, 1, answers, 0, 0)


def _record(name: bytes, kind: int, data: bytes) -> bytes:
    return name + struct.pack(">HHIH", kind, _IN, _TTL_S, len(data)) + data
