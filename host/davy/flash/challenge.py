"""Does a unit hold the secret of the identifier that it claims? A nonce goes in, an HMAC comes out."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from davy import codec
from davy.errors import DeskError
from davy.flash.check import ask_hello
from davy.flash.unit_line import UnitLine
from davy.identity.proof import expected_proof

_WITHIN_S = 5.0
_NONCE_BYTES = 16


@dataclass(frozen=True)
class Answer:
    """`certificate`: the first 16 hexadecimal digits of its SHA-256, as the unit says; `why`: for one that is not proven."""

    identifier: str
    proven: bool
    certificate: str = ""
    why: str = ""


def challenge(port: str, secret_of: Callable[[str], bytes]) -> Answer:
    """Ask who is there, and let it prove it. `secret_of` gives an identifier's secret. Raises DeskError."""
    with UnitLine(port) as line:
        hello = ask_hello(line, _WITHIN_S)
        if hello is None or not isinstance(hello.message, codec.Hello):
            raise DeskError(port, "no unit answers", "davy doctor looks at the port")
        identifier = hello.message.identifier
        nonce = secrets.token_bytes(_NONCE_BYTES)
        asked = codec.Challenge(hello.source, nonce)
        answer = line.ask(asked, codec.Proof, _WITHIN_S, lambda proof: proof.nonce == nonce)
    if answer is None or not isinstance(answer.message, codec.Proof):
        return Answer(identifier, False, why="it holds no secret to prove it by")
    proof = answer.message
    right = expected_proof(secret_of(identifier), hello.source, nonce)
    if not hmac.compare_digest(proof.proof, right):
        return Answer(identifier, False, why="its proof is not that of the unit that was made")
    return Answer(identifier, True, proof.certificate.hex())
