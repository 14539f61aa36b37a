"""Certificates of those that units report to: brokers and monitors, each with a key of its own."""

from __future__ import annotations

import datetime
import ipaddress
import re
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from davy.errors import InputError
from davy.identity.ca import Ca
from davy.identity.folder import Content, check_free, write_folder

CA_FILE, CERTIFICATE_FILE, KEY_FILE = "ca.cert.pem", "cert.pem", "key.pem"
DEFAULT_YEARS = 5
_MOST_NAME = 64  # bytes of a common name
_HOST = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)


def issue_peer(
    ca: Ca,
    folder: Path,
    *,
    server: Sequence[str] = (),
    monitor: str | None = None,
    years: int = DEFAULT_YEARS,
    now: datetime.datetime | None = None,
) -> x509.Certificate:
    """Make key.pem, cert.pem and ca.cert.pem in a new folder: of a server of these hosts, of a monitor, or of one that is both.

    Raises InputError; then nothing is there.
    """
    if not server and monitor is None:
        raise InputError("davy ca issue", "nobody is named", "--server HOST[,HOST..] or --monitor NAME, or both")
    names = [_alternative(host) for host in server]
    common = monitor if monitor is not None else server[0][:_MOST_NAME]
    if not 1 <= len(common.encode()) <= _MOST_NAME or not common.isprintable():
        raise InputError("--monitor", f"{common!r} will not do", f"1 to {_MOST_NAME} bytes of text")
    check_free(folder, "--out")
    key = ec.generate_private_key(ec.SECP256R1())
    now = now or datetime.datetime.now(datetime.timezone.utc)
    uses = [ExtendedKeyUsageOID.SERVER_AUTH] if server else []
    uses += [ExtendedKeyUsageOID.CLIENT_AUTH] if monitor is not None else []
    certificate = ca.issue(common, key.public_key(), years, now, uses, names)
    pem = serialization.Encoding.PEM
    files = {
        KEY_FILE: Content(
            key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()), 0o600
        ),
        CERTIFICATE_FILE: Content(certificate.public_bytes(pem)),
        CA_FILE: Content(ca.certificate.public_bytes(pem)),
    }
    write_folder(folder, files, "--out")
    return certificate


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        if not _HOST.fullmatch(host):
            raise InputError("--server", f"{host!r} is no host", "names or addresses, parted by commas") from None
        return x509.DNSName(host)
