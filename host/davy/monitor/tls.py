"""A folder with ca.cert.pem, cert.pem and key.pem, as `davy ca issue` makes it: checked before anything is connected."""

from __future__ import annotations

import datetime
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from davy.errors import InputError
from davy.identity.issue import CA_FILE, CERTIFICATE_FILE, KEY_FILE

_USES = {
    ExtendedKeyUsageOID.CLIENT_AUTH: ("a monitor's", "davy ca issue --monitor NAME"),
    ExtendedKeyUsageOID.SERVER_AUTH: ("a server's", "davy ca issue --server HOST --monitor NAME"),
}


@dataclass(frozen=True)
class TlsFolder:
    """Paths of the three files. The key's content is read by OpenSSL and by nobody else."""

    ca: Path
    certificate: Path
    key: Path

    @classmethod
    def load(cls, folder: Path, *, server: bool = False, now: datetime.datetime | None = None) -> TlsFolder:
        """Of a monitor, and with `server` of its built-in broker as well. Raises InputError for what would not work."""
        made = cls(folder / CA_FILE, folder / CERTIFICATE_FILE, folder / KEY_FILE)
        ca, certificate = _certificate(made.ca), _certificate(made.certificate)
        key = _read(made.key)
        if made.key.stat().st_mode & 0o077:
            raise InputError(str(made.key), "others can read it", f"chmod 600 {made.key}")
        try:
            public = serialization.load_pem_private_key(key, password=None).public_key()
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise InputError(str(made.key), "is no private key", "the file that davy ca issue wrote") from None
        if public != certificate.public_key():
            raise InputError(str(made.key), f"is not the key of {CERTIFICATE_FILE}", "keep the files together")
        try:
            certificate.verify_directly_issued_by(ca)
        except (ValueError, TypeError, InvalidSignature):
            raise InputError(str(made.certificate), f"was not issued by {CA_FILE}", "keep the files together") from None
        now = now or datetime.datetime.now(datetime.timezone.utc)
        for path, each in ((made.certificate, certificate), (made.ca, ca)):
            _check_term(path, each, now)
        for use in (ExtendedKeyUsageOID.CLIENT_AUTH, *([ExtendedKeyUsageOID.SERVER_AUTH] if server else [])):
            if use not in _uses(certificate):
                word, command = _USES[use]
                raise InputError(str(made.certificate), f"is not {word} certificate", command)
        return made

    def client_context(self, *, own_broker: bool = False) -> ssl.SSLContext:
        """Towards a broker, whose chain and name are checked. The built-in one may have any name: it is in this process."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = not own_broker
        return self._filled(context)

    def server_context(self) -> ssl.SSLContext:
        """Of a broker that lets nobody in without a certificate of this CA."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.verify_mode = ssl.CERT_REQUIRED
        return self._filled(context)

    def _filled(self, context: ssl.SSLContext) -> ssl.SSLContext:
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_verify_locations(self.ca)
        context.load_cert_chain(self.certificate, self.key)
        return context


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(str(path), "there is no such file", "a folder that davy ca issue made") from None
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}", "a file of yours") from None


def _certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(_read(path))
    except ValueError:
        raise InputError(str(path), "is no certificate", "the file that davy ca issue wrote") from None


def _check_term(path: Path, certificate: x509.Certificate, now: datetime.datetime) -> None:
    if now > certificate.not_valid_after_utc:
        raise InputError(str(path), f"expired on {certificate.not_valid_after_utc:%Y-%m-%d}", "issue another")
    if now < certificate.not_valid_before_utc:
        begins = f"{certificate.not_valid_before_utc:%Y-%m-%d}"
        raise InputError(str(path), f"holds only from {begins} on", "is this machine's clock right?")


def _uses(certificate: x509.Certificate) -> list[x509.ObjectIdentifier]:
    try:
        return list(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        return []
