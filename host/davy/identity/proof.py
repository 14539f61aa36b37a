"""What a unit that holds its secret answers to a challenge; the unit's side is firmware/report/proof.py."""

from __future__ import annotations

import hashlib
import hmac

_LABEL = b"davy proof 1"


def expected_proof(secret: bytes, source: bytes, nonce: bytes) -> bytes:
    """32 bytes, for the unit's secret, the 8 bytes of its frames' source, and the challenge's nonce of 16.

    Compare with hmac.compare_digest.
    """
    return hmac.new(secret, _LABEL + source + nonce, hashlib.sha256).digest()
