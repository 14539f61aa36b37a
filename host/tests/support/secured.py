"""Certificates good and bad, and brokers that ask for them: what a unit's TLS meets on a network."""

from __future__ import annotations

import datetime
import os
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from davy.chaos.broker_process import mosquitto_path
from davy.identity import Ca
from davy.monitor.held_port import HeldPort
from support.brokers import wait_until_it_listens

HOST = "broker.davy.lan"
_HOUR = datetime.timedelta(hours=1)
_DAY = datetime.timedelta(days=1)


def now() -> datetime.datetime:
    """This machine's time: the unix port's mbedTLS looks at it too, whatever the board's own clock shows."""
    return datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)


def server_pem(
    ca: Ca,
    path: Path,
    host: str = HOST,
    first: datetime.datetime | None = None,
    last: datetime.datetime | None = None,
) -> Path:
    """Key and certificate of a broker in one file; valid from an hour ago for ten days unless told otherwise."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]))
        .issuer_name(ca.name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(first or now() - _HOUR)
        .not_valid_after(last or now() + 10 * _DAY)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(ca._key, hashes.SHA256())
    )
    pem, none = serialization.Encoding.PEM, serialization.NoEncryption()
    path.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, none) + certificate.public_bytes(pem))
    return path


def revocations(ca: Ca, path: Path, *certificates: x509.Certificate) -> Path:
    """A list of the CA's that revokes these."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(ca.name)
    builder = builder.last_update(now() - _HOUR).next_update(now() + _DAY)
    for certificate in certificates:
        one = x509.RevokedCertificateBuilder().serial_number(certificate.serial_number).revocation_date(now() - _HOUR)
        builder = builder.add_revoked_certificate(one.build())
    path.write_bytes(builder.sign(ca._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return path


class SecureMosquitto:
    """mosquitto on loopback, TLS with certificates both ways. Skips the test, naming it, when it is not installed."""

    def __init__(self, folder: Path, ca_pem: Path, server: Path, revoked: Path | None = None) -> None:
        program = mosquitto_path()
        if program is None:
            pytest.skip("mosquitto is not installed")
        self._held = HeldPort()
        self.port = self._held.port
        lines = [
            f"listener {self.port} 127.0.0.1", f"cafile {ca_pem}", f"certfile {server}", f"keyfile {server}",
            "require_certificate true", "use_identity_as_username true", "allow_anonymous false", "persistence false",
            *([f"crlfile {revoked}"] if revoked else []),
            *(["user root"] if os.geteuid() == 0 else []),  # else it drops to a user who may not read the files
        ]  # fmt: skip
        config = folder / f"mosquitto-{self.port}.conf"
        config.write_text("\n".join(lines) + "\n")
        self.log = folder / f"mosquitto-{self.port}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([program, "-c", str(config), "-v"], stdout=log, stderr=log)
        wait_until_it_listens(self.port, self.process, self.log.read_text)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self._held.close()
