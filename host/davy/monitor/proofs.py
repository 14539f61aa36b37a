"""Challenges that wait for their proof. A seal says whose a frame is; only an answer to a fresh nonce says that it is not old."""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable
from dataclasses import dataclass, field

from davy.codec import Proof
from davy.identity import expected_proof
from davy.monitor.hello import MISMATCHED
from davy.monitor.incidents import MISMATCHED_IDENTITY, WRONG_PROOF
from davy.monitor.registry import KnownUnit
from protocol.frame import OLD, REASONS

NONCE_BYTES = 16
WRONG = "wrong proof"
#: Challenges that wait at a time; the oldest are given up.
WAITING_KEPT = 10_000


@dataclass
class Proofs:
    """By source. `held`: what a HELLO of an older session said, to be believed when its proof comes."""

    draw: Callable[[int], bytes] = os.urandom
    held: dict[bytes, tuple[object, ...]] = field(default_factory=dict)
    _waiting: dict[bytes, bytes] = field(default_factory=dict, repr=False)

    def challenge(self, source: bytes) -> bytes:
        """A nonce for this source; an earlier one is worth nothing now."""
        nonce = self.draw(NONCE_BYTES)
        self._waiting.pop(source, None)
        self._waiting[source] = nonce
        while len(self._waiting) > WAITING_KEPT:
            given_up = next(iter(self._waiting))
            self.spend(given_up)
        return nonce

    def objection(self, unit: KnownUnit, source: bytes, proof: Proof) -> tuple[str, str]:
        """(reason, kind of incident, "" for none) why it proves nothing, ("", "") if it does.

        A certificate of zeros is a unit's that has none, which is none of ours: it was enrolled with one.
        """
        nonce = self._waiting.get(source)
        if nonce is None or not hmac.compare_digest(nonce, proof.nonce):
            return REASONS[OLD], ""
        if not hmac.compare_digest(expected_proof(unit.secret, source, nonce), proof.proof):
            return WRONG, WRONG_PROOF
        if not unit.certificate_sha256.startswith(proof.certificate.hex()):
            return MISMATCHED, MISMATCHED_IDENTITY
        return "", ""

    def spend(self, source: bytes) -> None:
        """Its answer is judged and stored."""
        self._waiting.pop(source, None)
        self.held.pop(source, None)
