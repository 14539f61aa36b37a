# The seal of a frame: a truncated HMAC-SHA256 (RFC 2104) behind its CRC, by a key that a unit and its monitor share. It makes
# a frame believable over any broker; whether it is fresh is told by what is in it.
import hashlib

from protocol.frame import BAD_SEAL, CRC_BYTES, GOOD, HEADER_BYTES, NO_SEAL

SEAL_BYTES = 16
_LABEL = b"davy seal 1"
_BLOCK_BYTES = 64
_LENGTH_AT = HEADER_BYTES - 2


def _keyed(key: bytes, pad: int) -> bytes:
    return bytes([byte ^ pad for byte in key + bytes(_BLOCK_BYTES - len(key))])


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    # 32 bytes. key: up to 64 bytes.
    inner = hashlib.sha256(_keyed(key, 0x36) + message).digest()
    return bytes(hashlib.sha256(_keyed(key, 0x5C) + inner).digest())


def key_of(secret: bytes) -> bytes:
    # The key of a unit's seals, of its secret.
    return hmac_sha256(secret, _LABEL)


def seal(key: bytes, frame: bytes) -> bytes:
    # The frame with its seal behind it.
    return frame + hmac_sha256(key, frame)[:SEAL_BYTES]


def split(data: bytes) -> tuple:
    # (frame, its seal): b"" where the length in the header leaves no room for one. Whether the frame is good is another's to say.
    if len(data) >= HEADER_BYTES:
        end = HEADER_BYTES + (data[_LENGTH_AT] << 8 | data[_LENGTH_AT + 1]) + CRC_BYTES
        if len(data) == end + SEAL_BYTES:
            return data[:end], data[end:]
    return data, b""


def check(key: bytes, frame: bytes, seal: bytes) -> int:
    # frame.GOOD, or the reason why it is not believed. Takes as long for a seal that is nearly right as for any.
    if len(seal) != SEAL_BYTES:
        return NO_SEAL
    right = hmac_sha256(key, frame)
    differs = 0
    for at in range(SEAL_BYTES):
        differs |= right[at] ^ seal[at]
    return BAD_SEAL if differs else GOOD
