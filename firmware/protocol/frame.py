# A frame: header, payload, CRC-32. On a packet transport as it is, on a serial line under COBS.
import binascii
import struct

from protocol.messages import NAMES, PROTOCOL_VERSION

HEADER = ">BBB8sIIQH"
HEADER_BYTES = 29
CRC_BYTES = 4
MAX_PAYLOAD_BYTES = 256
MAX_FRAME_BYTES = HEADER_BYTES + MAX_PAYLOAD_BYTES + CRC_BYTES

# Reasons for which bytes are no frame; 0 is good.
GOOD = 0
TOO_SHORT = 1
TOO_LONG = 2
LENGTH_MISMATCH = 3
BAD_CRC = 4
OTHER_VERSION = 5
UNKNOWN_TYPE = 6
BAD_FLAGS = 7
BAD_COBS = 8
# Reasons for which a payload is no message.
SHORT_PAYLOAD = 9
TRAILING_BYTES = 10
OUT_OF_RANGE = 11
CONTRADICTION = 12
BAD_TEXT = 13
# Reasons for which a good frame has no effect.
NO_SEAL = 14
BAD_SEAL = 15
FOREIGN = 16
OLD = 17
BUSY = 18

REASONS = (
    "good",
    "too short",
    "too long",
    "length does not match",
    "wrong CRC",
    "other protocol version",
    "unknown message type",
    "unknown flags",
    "broken COBS",
    "payload too short",
    "bytes after the payload's last field",
    "value out of range",
    "reading contradicts its status",
    "text is not UTF-8",
    "no seal",
    "wrong seal",
    "for another unit, or from none that is known",
    "old or repeated",
    "busy: send it again",
)


class Frame:
    def __init__(
        self,
        error: int,
        message_type: int = 0,
        source: bytes = b"",
        session: int = 0,
        seq: int = 0,
        uptime_ms: int = 0,
        payload: bytes = b"",
        flags: int = 0,
    ) -> None:
        self.error = error
        self.message_type = message_type
        self.source = source
        self.session = session
        self.seq = seq
        self.uptime_ms = uptime_ms
        self.payload = payload
        self.flags = flags


def _check(name: str, value: int, limit: int) -> None:
    # struct.pack of MicroPython wraps silently.
    if not 0 <= value <= limit:
        raise ValueError("frame.%s is %d, not 0..%d" % (name, value, limit))


def encode(
    message_type: int, source: bytes, session: int, seq: int, uptime_ms: int, payload: bytes, flags: int = 0
) -> bytes:
    # The frame's bytes. ValueError names the field that is out of range.
    _check("message_type", message_type, 0xFF)
    _check("session", session, 0xFFFFFFFF)
    _check("seq", seq, 0xFFFFFFFF)
    _check("uptime_ms", uptime_ms, 0xFFFFFFFFFFFFFFFF)
    _check("flags", flags, 0xFF)
    _check("payload length", len(payload), MAX_PAYLOAD_BYTES)
    if len(source) != 8:
        raise ValueError("frame.source has %d bytes, not 8" % len(source))
    head = struct.pack(HEADER, PROTOCOL_VERSION, flags, message_type, source, session, seq, uptime_ms, len(payload))
    body = head + bytes(payload)
    return body + struct.pack(">I", binascii.crc32(body) & 0xFFFFFFFF)


def decode(data: bytes, names: dict = NAMES) -> Frame:
    # A Frame for any bytes; its error is 0 or a reason. Never raises on bytes. names: of the message types that are known.
    size = len(data)
    if size < HEADER_BYTES + CRC_BYTES:
        return Frame(TOO_SHORT)
    if size > MAX_FRAME_BYTES:
        return Frame(TOO_LONG)
    # The CRC first: what is corrupt must not be taken for a newer version or an unknown type.
    if binascii.crc32(data[:-4]) & 0xFFFFFFFF != struct.unpack_from(">I", data, size - 4)[0]:
        return Frame(BAD_CRC)
    version, flags, message_type, source, session, seq, uptime_ms, length = struct.unpack_from(HEADER, data)
    error = GOOD
    if version != PROTOCOL_VERSION:
        error = OTHER_VERSION
    elif length != size - HEADER_BYTES - CRC_BYTES:
        error = LENGTH_MISMATCH
    elif flags:
        error = BAD_FLAGS
    elif message_type not in names:
        error = UNKNOWN_TYPE
    return Frame(error, message_type, bytes(source), session, seq, uptime_ms, bytes(data[HEADER_BYTES:-4]), flags)
