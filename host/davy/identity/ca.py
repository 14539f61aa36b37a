"""The maker's certificate authority: a P-256 key that signs each unit's certificate, and the master of their secrets."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from davy.errors import InputError
from davy.identity.folder import Content, check_free, write_folder

KEY_FILE, CERTIFICATE_FILE, MASTER_FILE = "ca.key.pem", "ca.cert.pem", "proof.key"
DEFAULT_NAME = "davy units"
DEFAULT_YEARS = 30
MOST_YEARS = 60
_MASTER_BYTES = 32
_MOST_NAME = 64  # of a common name
#: Clocks of makers and of brokers differ.
_EARLIER = datetime.timedelta(days=1)
_YEAR = datetime.timedelta(days=365.25)


@dataclass(frozen=True, eq=False)
class Ca:
    """The CA in memory. Neither of its secrets is ever shown."""

    certificate: x509.Certificate
    _key: ec.EllipticCurvePrivateKey = field(repr=False)
    _master: bytes = field(repr=False)

    @classmethod
    def load(cls, folder: Path) -> Ca:
        """The CA that `davy ca init` made in the folder. Raises InputError naming the file that will not do."""
        key_pem, certificate_pem = _secret(folder, KEY_FILE), _read(folder, CERTIFICATE_FILE)
        master = _secret(folder, MASTER_FILE)
        try:
            key = serialization.load_pem_private_key(key_pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise InputError(str(folder / KEY_FILE), "is no private key", "the file that davy ca init wrote") from None
        try:
            certificate = x509.load_pem_x509_certificate(certificate_pem)
        except ValueError:
            where = str(folder / CERTIFICATE_FILE)
            raise InputError(where, "is no certificate", "the file that davy ca init wrote") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            raise InputError(str(folder / KEY_FILE), f"is not the key of {CERTIFICATE_FILE}", "keep the files together")
        if len(master) != _MASTER_BYTES:
            raise InputError(str(folder / MASTER_FILE), f"has {len(master)} bytes", f"{_MASTER_BYTES} bytes")
        return cls(certificate, key, master)

    @property
    def der(self) -> bytes:
        """The CA's own certificate."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def name(self) -> x509.Name:
        return self.certificate.subject

    def proof_secret(self, identifier: str) -> bytes:
        """The 32 bytes by which the unit of this identifier proves itself; the same whenever it is asked for."""
        return hmac.new(self._master, identifier.encode(), hashlib.sha256).digest()

    def issue(
        self,
        common_name: str,
        public_key: ec.EllipticCurvePublicKey,
        years: int,
        now: datetime.datetime,
        uses: Sequence[x509.ObjectIdentifier] = (ExtendedKeyUsageOID.CLIENT_AUTH,),
        hosts: Sequence[x509.GeneralName] = (),
    ) -> x509.Certificate:
        """A certificate from a day before `now` for so many years. Raises InputError when it would outlive the CA."""
        not_after = now + years * _YEAR
        if not_after > self.certificate.not_valid_after_utc:
            ends = self.certificate.not_valid_after_utc.date()
            raise InputError("--years", f"{years} years are longer than the CA's own, which end {ends}", "fewer years")
        builder = _builder(_name(common_name), self.name, public_key, now, not_after)
        if hosts:
            builder = builder.add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        return (
            builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )


def create_ca(
    folder: Path, name: str = DEFAULT_NAME, years: int = DEFAULT_YEARS, now: datetime.datetime | None = None
) -> Ca:
    """Make a CA in the folder: whole or not at all, and never over another. Raises InputError."""
    if not 1 <= len(name.encode()) <= _MOST_NAME or not name.isprintable():
        raise InputError("--name", f"{name!r} will not do", f"1 to {_MOST_NAME} bytes of text")
    check_free(folder, "DIR")
    key, now = ec.generate_private_key(ec.SECP256R1()), now or datetime.datetime.now(datetime.timezone.utc)
    subject = _name(name)
    certificate = (
        _builder(subject, subject, key.public_key(), now, now + years * _YEAR)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    master = os.urandom(_MASTER_BYTES)
    files = {
        KEY_FILE: Content(pem, 0o600),
        CERTIFICATE_FILE: Content(certificate.public_bytes(serialization.Encoding.PEM)),
        MASTER_FILE: Content(master, 0o600),
    }
    write_folder(folder, files, "DIR", 0o700)
    return Ca(certificate, key, master)


def sha256(certificate: x509.Certificate) -> str:
    """Fingerprint of a certificate, in hexadecimal digits."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: datetime.datetime,
    not_after: datetime.datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(not_after)
    )


def _usage(digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except FileNotFoundError:
        raise InputError(str(folder), f"there is no {name}", "make a CA with davy ca init DIR") from None
    except OSError as error:
        raise InputError(str(folder / name), f"cannot be read: {error.strerror}", "a file of yours") from None


def _secret(folder: Path, name: str) -> bytes:
    data = _read(folder, name)
    if (folder / name).stat().st_mode & 0o077:
        raise InputError(str(folder / name), "others can read it", f"chmod 600 {folder / name}")
    return data
