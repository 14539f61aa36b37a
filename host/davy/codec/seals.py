"""The seal of a frame, on the host's side: firmware/protocol/seal.py is the board's."""

from __future__ import annotations

import hmac

from protocol.frame import BAD_SEAL, GOOD, NO_SEAL
from protocol.seal import SEAL_BYTES, split

_LABEL = b"davy seal 1"


def seal_key(secret: bytes) -> bytes:
    """The 32 bytes by which a unit of this secret, and its monitor towards it, seal their frames."""
    return hmac.digest(secret, _LABEL, "sha256")


def seal_frame(key: bytes, frame: bytes) -> bytes:
    """The frame with its seal behind it."""
    return frame + hmac.digest(key, frame, "sha256")[:SEAL_BYTES]


def split_seal(data: bytes) -> tuple[bytes, bytes]:
    """(frame, its seal), b"" where there is no room for one: what `decode_frame` and `check_seal` take. Never raises on bytes."""
    frame, seal = split(data)
    return frame, seal


def check_seal(key: bytes, frame: bytes, seal: bytes) -> int:
    """0 for the right seal, else a reason (protocol.frame: NO_SEAL, BAD_SEAL)."""
    if len(seal) != SEAL_BYTES:
        return NO_SEAL
    return GOOD if hmac.compare_digest(hmac.digest(key, frame, "sha256")[:SEAL_BYTES], seal) else BAD_SEAL
