"""The register of units: who is known, by which key, on which chip, and who is no longer welcome.

A unit is enrolled by its folder and the CA that made it. Its chip is bound to it by the first HELLO under the unit's own seal.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from davy.codec import seal_key
from davy.errors import InputError
from davy.identity import Ca, load_public
from davy.identity.ca import sha256
from davy.identity.unit import CERTIFICATE_FILE


@dataclass(frozen=True)
class KnownUnit:
    """A row of units. `source` is the chip's 16 hexadecimal digits, None until one has proven itself."""

    identifier: str
    secret: bytes = field(repr=False)
    key: bytes = field(repr=False)
    certificate_sha256: str
    revoked: bool
    source: str | None


@dataclass(frozen=True)
class Enrolment:
    """What of a unit's folder goes into the register."""

    identifier: str
    serial: str
    board: str
    product: str
    certificate_sha256: str
    secret: bytes = field(repr=False)


_COLUMNS = "identifier, secret, certificate_sha256, revoked_ms, source"


def by_identifier(db: sqlite3.Connection, identifier: str) -> KnownUnit | None:
    """The unit of this identifier."""
    return _known(db.execute(f"SELECT {_COLUMNS} FROM units WHERE identifier = ?", (identifier,)).fetchone())


def by_source(db: sqlite3.Connection, source: str) -> KnownUnit | None:
    """The unit that this chip is bound to."""
    return _known(db.execute(f"SELECT {_COLUMNS} FROM units WHERE source = ?", (source,)).fetchone())


def has_units(db: sqlite3.Connection) -> bool:
    """Whether any unit was ever enrolled."""
    return db.execute("SELECT 1 FROM units LIMIT 1").fetchone() is not None


def bind(db: sqlite3.Connection, identifier: str, source: str) -> None:
    """This chip is that unit, from now on."""
    db.execute("UPDATE units SET source = ? WHERE identifier = ?", (source, identifier))


def read_enrolment(folder: Path, ca: Ca) -> Enrolment:
    """A folder that `davy unit new` made with this CA. Raises InputError for one that will not do."""
    public, path = load_public(folder), folder / CERTIFICATE_FILE
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        certificate.verify_directly_issued_by(ca.certificate)
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}", "as davy unit new wrote it") from None
    except InvalidSignature:
        raise InputError(str(path), "was not issued by this CA", "the CA that made the unit") from None
    except (ValueError, TypeError):
        raise InputError(str(path), "is no certificate of this CA", "the CA that made the unit") from None
    told = public.get("certificate")
    if not isinstance(told, dict) or told.get("sha256") != sha256(certificate):
        raise InputError(str(path), "is not the certificate that unit.json names", "keep a unit's files together")
    return Enrolment(
        identifier=public["identifier"],
        serial=public["serial"],
        board=public["board"],
        product=public["product"],
        certificate_sha256=sha256(certificate),
        secret=ca.proof_secret(public["identifier"]),
    )


def enrol(db: sqlite3.Connection, units: Sequence[Enrolment], now_ms: int) -> list[str]:
    """Take up all of them or none; gives the identifiers that are new. Raises InputError for one that is known otherwise."""
    new: list[str] = []
    db.execute("BEGIN IMMEDIATE")
    try:
        for unit in units:
            row = db.execute(
                "SELECT certificate_sha256, secret, revoked_ms FROM units WHERE identifier = ?", (unit.identifier,)
            ).fetchone()
            if row is None:
                db.execute(
                    "INSERT INTO units (identifier, serial, board, product, certificate_sha256, secret, enrolled_ms) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (
                        unit.identifier,
                        unit.serial,
                        unit.board,
                        unit.product,
                        unit.certificate_sha256,
                        unit.secret,
                        now_ms,
                    ),
                )
                new.append(unit.identifier)
            elif row[2] is not None:
                raise InputError(unit.identifier, "is revoked", "a revoked unit gets a new identity: davy unit new")
            elif row[0] != unit.certificate_sha256:
                raise InputError(
                    unit.identifier, "is enrolled with another certificate", "revoke it, and make it under a new serial"
                )
            elif row[1] != unit.secret:
                raise InputError(unit.identifier, "is enrolled from another CA", "an identifier belongs to one maker")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    return new


def revoke(db: sqlite3.Connection, identifier: str, why: str, now_ms: int) -> bool:
    """Believe this unit no longer. False when it is revoked already. Raises InputError for an unknown one."""
    unit = require(db, identifier)
    if unit.revoked:
        return False
    db.execute(
        "UPDATE units SET revoked_ms = ?, revoked_why = ? WHERE identifier = ? AND revoked_ms IS NULL",
        (now_ms, why, identifier),
    )
    return True


def rebind(db: sqlite3.Connection, identifier: str) -> str | None:
    """Forget the unit's chip, so that the next that proves itself takes its place. Gives the one that was forgotten.

    Raises InputError for an unknown unit.
    """
    unit = require(db, identifier)
    db.execute("BEGIN IMMEDIATE")
    db.execute("UPDATE units SET source = NULL WHERE identifier = ?", (identifier,))
    # The old chip may come back under another identity, and with its sessions counted from one again.
    db.execute(
        "UPDATE devices SET proven_ms = NULL, state_session = NULL, state_seq = NULL WHERE source = ?", (unit.source,)
    )
    db.execute("COMMIT")
    return unit.source


def require(db: sqlite3.Connection, identifier: str) -> KnownUnit:
    """The unit. Raises InputError when there is none of this identifier."""
    unit = by_identifier(db, identifier)
    if unit is None:
        raise InputError(identifier, "no unit of this identifier is enrolled", "davy devices lists them")
    return unit


def _known(row: tuple[str, bytes, str, int | None, str | None] | None) -> KnownUnit | None:
    if row is None:
        return None
    return KnownUnit(row[0], row[1], seal_key(row[1]), row[2], row[3] is not None, row[4])
