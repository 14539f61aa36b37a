"""The SNTP server of a virtual access point: the packet of RFC 4330, and ways to be a bad one."""

from __future__ import annotations

import struct
from typing import Literal, get_args

Mood = Literal["good", "silent", "late", "early", "far", "other_originate", "kiss", "unsynchronised"]
MOODS: tuple[str, ...] = get_args(Mood)
PORT = 123

_PACKET = struct.Struct(">BBbbII4sQQQQ")
_CLIENT, _SERVER = 3, 4
#: Seconds from 1900-01-01 to 1970-01-01.
_UNIX_1970_S = 2_208_988_800
_EARLY_S = 1_000_000_000  # 2001: a server that lost its own clock
_FAR_S = 4_200_000_000  # 2103


class BadRequest(Exception):
    """A datagram that is no client's request."""


def parse_request(data: bytes) -> tuple[int, int]:
    """(version, transmit timestamp) of a request. Raises BadRequest for anything a strict server would drop."""
    if len(data) != _PACKET.size:
        raise BadRequest(f"{len(data)} bytes")
    first, *rest, transmit = _PACKET.unpack(data)
    version = first >> 3 & 7
    if first & 7 != _CLIENT or version not in (3, 4) or any(rest[:5]) or any(rest[6:]):
        raise BadRequest("no client's request")
    if not transmit:
        raise BadRequest("nothing to echo")
    return version, transmit


def reply(data: bytes, unix_ms: int, mood: str) -> bytes | None:
    """The answer to a request at a time of the server; None when it keeps silent. Raises BadRequest."""
    version, originate = parse_request(data)
    if mood == "silent":
        return None
    unix_ms = {"early": _EARLY_S * 1000, "far": _FAR_S * 1000}.get(mood, unix_ms)
    now = _timestamp(unix_ms)
    if mood == "other_originate":
        originate ^= 1
    leap, stratum = (3 if mood == "unsynchronised" else 0), (0 if mood == "kiss" else 2)
    reference = b"RATE" if mood == "kiss" else bytes((192, 0, 2, 1))
    return _PACKET.pack(leap << 6 | version << 3 | _SERVER, stratum, 6, -20, 0, 0, reference, now, originate, now, now)


def _timestamp(unix_ms: int) -> int:
    seconds, ms = divmod(unix_ms, 1000)
    return (seconds + _UNIX_1970_S & 0xFFFFFFFF) << 32 | (ms << 32) // 1000
