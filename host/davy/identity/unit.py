"""One unit: its key, certificate and secret, as the partition that goes into its chip, and what anybody may know of it."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from davy.identity.ca import Ca, sha256
from davy.identity.folder import Content, write_folder
from davy.identity.identifier import checked_identifier
from davy.identity.label import label_files
from davy.identity.public import FILE, SCHEMA, check_text
from davy.identity.record import first_session, nvs_partition
from davy.image.boardparts import BoardSpec
from davy.image.calibration import Calibration
from davy.image.settings import Settings

DEFAULT_YEARS = 10
NVS_FILE, CERTIFICATE_FILE = "nvs.bin", "cert.pem"


@dataclass(frozen=True)
class Unit:
    """`public` is unit.json; `certificate` is DER; `nvs` is the partition's 24 KiB, the only place of the private key."""

    public: dict[str, Any]
    certificate: bytes
    nvs: bytes = field(repr=False)

    @property
    def identifier(self) -> str:
        return str(self.public["identifier"])

    @property
    def serial(self) -> str:
        return str(self.public["serial"])


def provision(
    ca: Ca,
    identifier: str,
    spec: BoardSpec,
    settings: Settings,
    calibration: Calibration | None = None,
    batch: str = "",
    *,
    years: int = DEFAULT_YEARS,
    now: datetime.datetime | None = None,
) -> Unit:
    """Make a unit; nothing is written. Its settings get this identifier; without a calibration it is uncalibrated, a fault.

    Raises InputError for an identifier, a batch or a term that will not do.
    """
    checked_identifier(identifier, "identifier")
    check_text(batch, "--batch")
    now = now or datetime.datetime.now(datetime.timezone.utc)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = ca.issue(identifier, key.public_key(), years, now)
    der = certificate.public_bytes(serialization.Encoding.DER)
    blobs = {"settings": replace(settings, identifier=identifier).to_json_bytes()}
    if calibration is not None:
        blobs["calibration"] = calibration.to_json_bytes()
    blobs["cert"] = der
    # SEC 1: MicroPython's TLS takes it as it takes PKCS 8, and it is shorter.
    blobs["key"] = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    blobs["ca"] = ca.der
    blobs["secret"] = ca.proof_secret(identifier)
    public = {
        "schema": SCHEMA,
        "identifier": identifier,
        "serial": identifier.partition("/")[2],
        "board": spec.name,
        "product": product_text(spec),
        "batch": batch,
        "made": now.date().isoformat(),
        "calibrated": calibration is not None,
        "certificate": {
            "serial": f"{certificate.serial_number:x}",
            "sha256": sha256(certificate),
            "not_after": certificate.not_valid_after_utc.date().isoformat(),
        },
        "ca": {"sha256": sha256(ca.certificate)},
    }
    return Unit(public, der, nvs_partition(blobs, first_session(now)))


def product_text(spec: BoardSpec) -> str:
    """What stands on the label as the product."""
    return "davy gas alarm CH4" if spec.co is None else "davy gas alarm CH4 + CO"


def write_unit(unit: Unit, units: Path, where: str = "--out") -> Path:
    """UNITS/<serial>/ with everything in it, whole or not at all, and never over another. Raises InputError.

    Gives the folder.
    """
    folder = units / unit.serial
    pem = x509.load_der_x509_certificate(unit.certificate).public_bytes(serialization.Encoding.PEM)
    files = {
        FILE: Content((json.dumps(unit.public, indent=1) + "\n").encode()),
        NVS_FILE: Content(unit.nvs, 0o600),
        CERTIFICATE_FILE: Content(pem),
        **{name: Content(data) for name, data in label_files(unit.public).items()},
    }
    write_folder(folder, files, where)
    return folder
