# Proof that a unit is the one its identifier names: HMAC-SHA256 (RFC 2104) of its secret over a challenge. The source is in
# it, so that the proof of one chip is none of another's; so is a label, so that the secret can serve other ends later.
from protocol.seal import hmac_sha256

_LABEL = b"davy proof 1"


class Prover:
    # secret: the unit's 32 bytes; certificate: the first eight bytes of its SHA-256, zeros when there is none.
    def __init__(self, secret: bytes, certificate: bytes) -> None:
        self._secret = secret
        self._certificate = certificate

    def answer(self, source: bytes, nonce: bytes) -> dict:
        # The fields of a PROOF.
        proof = hmac_sha256(self._secret, _LABEL + source + nonce)
        return {"nonce": nonce, "proof": proof, "certificate": self._certificate}
