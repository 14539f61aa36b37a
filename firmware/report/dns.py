# Name look-up in the packet format of RFC 1035: one question for one IPv4 address, and a hard look at the answer.
#
# The port's own look-up is one blocking call of up to some seconds, in which no safety step runs.
import struct

MOST_BYTES = 512
_MOST_NAME = 253
_MOST_LABEL = 63
_MOST_ALIASES = 8
_MOST_RECORDS = 32
_HEAD_BYTES = 12
_RESPONSE = 0x8000
_KIND_OF_QUERY = 0x7800
_TRUNCATED = 0x0200
_RECURSION_DESIRED = 0x0100
_NO_SUCH_NAME = 3
_A, _CNAME, _IN = 1, 5, 1


class DnsError(Exception):
    pass


def is_address(host: str) -> bool:
    # Whether it is an IPv4 address in numbers, which needs no look-up.
    parts = host.split(".")
    return len(parts) == 4 and all(part.isdigit() and len(part) <= 3 and int(part) <= 255 for part in parts)


def query(number: int, host: str) -> bytes:
    # number: 16 bits that nobody can guess. Raises DnsError for what is no host name.
    return struct.pack(">HHHHHH", number, _RECURSION_DESIRED, 1, 0, 0, 0) + _packed_name(host) + b"\x00\x01\x00\x01"


def address(data: bytes, asked: bytes) -> str:
    # The address in the answer to what was asked, "" when it is no answer to it at all, and the wait goes on. Raises
    # DnsError when it is, and there is no address in it.
    if len(data) < len(asked) or len(data) > MOST_BYTES or data[:2] != asked[:2]:
        return ""
    _, flags, questions, answers, _, _ = struct.unpack(">HHHHHH", data[:_HEAD_BYTES])
    if not flags & _RESPONSE or flags & _KIND_OF_QUERY or questions != 1:
        return ""
    if data[_HEAD_BYTES : len(asked)].lower() != asked[_HEAD_BYTES:].lower():
        return ""
    code = flags & 15
    if code:
        raise DnsError("no such name" if code == _NO_SUCH_NAME else "name server error %d" % code)
    if flags & _TRUNCATED or answers > _MOST_RECORDS:
        raise DnsError("an answer too long")
    return _followed(_records(data, len(asked), answers), _name(data, _HEAD_BYTES)[0])


def _followed(records: list, name: bytes) -> str:
    # From alias to alias within this answer, in whatever order they stand.
    for _ in range(_MOST_ALIASES):
        alias = b""
        for owner, kind, value in records:
            if owner == name and kind == _A:
                return "%d.%d.%d.%d" % tuple(value)
            if owner == name and kind == _CNAME:
                alias = value
        if not alias:
            raise DnsError("no address for this name")
        name = alias
    raise DnsError("too many aliases")


def _records(data: bytes, at: int, count: int) -> list:
    # (owner, kind, address bytes or name) of the records that matter here.
    found = []
    for _ in range(count):
        owner, at = _name(data, at)
        if at + 10 > len(data):
            raise DnsError("a broken answer")
        kind, of_class, _, length = struct.unpack(">HHIH", data[at : at + 10])
        at += 10
        if at + length > len(data):
            raise DnsError("a broken answer")
        if of_class == _IN and kind == _A and length == 4:
            found.append((owner, kind, data[at : at + 4]))
        elif of_class == _IN and kind == _CNAME:
            found.append((owner, kind, _name(data, at)[0]))
        at += length
    return found


def _name(data: bytes, at: int) -> tuple:
    # (labels as on the wire but in lower case and without pointers, where it ends). A pointer leads back, so each ends.
    labels: list = []
    end = 0
    size = 0
    lowest = at
    while True:
        if at >= len(data):
            raise DnsError("a broken answer")
        count = data[at]
        if count & 0xC0 == 0xC0:
            if at + 1 >= len(data):
                raise DnsError("a broken answer")
            end = end or at + 2
            target = (count & 0x3F) << 8 | data[at + 1]
            if target >= lowest:
                raise DnsError("a broken answer")
            at = lowest = target
            continue
        if count > _MOST_LABEL or at + 1 + count > len(data):
            raise DnsError("a broken answer")
        if not count:
            return b"".join(labels), end or at + 1
        size += count + 1
        if size > _MOST_NAME + 1:
            raise DnsError("a broken answer")
        labels.append(data[at : at + 1 + count].lower())
        at += 1 + count


def _packed_name(host: str) -> bytes:
    name = host[:-1] if host.endswith(".") else host
    if not name or len(name) > _MOST_NAME:
        raise DnsError("no host name")
    packed = b""
    for label in name.split("."):
        data = label.encode()
        if not data or len(data) > _MOST_LABEL or len(data) != len(label):
            raise DnsError("no host name")
        packed += bytes((len(data),)) + data
    return packed + b"\x00"
