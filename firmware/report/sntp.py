# The time of day in the packet format of RFC 4330: one request, and a hard look at the answer.
import struct

PORT = 123
PACKET_BYTES = 48
_VERSION_4_CLIENT = 4 << 3 | 3
_SERVER = 4
_NOT_SYNCHRONISED = 3
_MOST_STRATUM = 15
_UNIX_1970_S = 2_208_988_800  # seconds from 1900-01-01 to 1970-01-01
_ERA_S = 1 << 32


class SntpError(Exception):
    pass


def request(nonce: bytes) -> bytes:
    # nonce: eight bytes that nobody can guess, not all zero, in place of our time of sending: the answer echoes them.
    return bytes((_VERSION_4_CLIENT,)) + bytes(39) + nonce


def unix_s(data: bytes, nonce: bytes) -> int:
    # The time in the answer, rounded; 0 when it is no answer to this request, and the wait goes on. Raises SntpError when it
    # is one, and its server does not know the time.
    if len(data) < PACKET_BYTES or data[24:32] != nonce or data[0] & 7 != _SERVER or data[0] >> 3 & 7 not in (3, 4):
        return 0
    stratum = data[1]
    if not stratum:
        raise SntpError("the time server turns us away")
    if data[0] >> 6 == _NOT_SYNCHRONISED or stratum > _MOST_STRATUM:
        raise SntpError("the time server does not know the time")
    seconds, fraction = struct.unpack(">II", data[40:48])
    if not seconds and not fraction:
        raise SntpError("the time server does not know the time")
    if seconds < _ERA_S // 2:
        seconds += _ERA_S  # era 1, from 2036-02-07: RFC 4330, 3
    return int(seconds - _UNIX_1970_S + (fraction >> 31))
