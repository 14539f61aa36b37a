"""Where the web side may listen, and with what: nothing but loopback without TLS and a token."""

from __future__ import annotations

import datetime
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from davy.errors import InputError
from davy.identity.issue import CERTIFICATE_FILE, KEY_FILE
from davy.monitor.broker_address import is_loopback

LEAST_TOKEN = 32
_MOST_TOKEN = 512
_TOKEN_HINT = f"one line of at least {LEAST_TOKEN} printable ASCII characters: python -c 'import secrets; print(secrets.token_hex(32))'"


@dataclass(frozen=True)
class WebOptions:
    """What WebServer takes, checked. The token is not shown."""

    host: str
    port: int
    tls: Path | None
    token: str | None = field(repr=False)


def check_web_options(
    web: str, tls: Path | None = None, token_file: Path | None = None, option: str = "--web"
) -> WebOptions:
    """Of `--web HOST:PORT` (or another `option`), `--web-tls DIR`, `--web-token-file FILE`. Raises InputError for what is not safe or not there."""
    host, colon, port = web.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise InputError(option, f"{web!r} will not do", "write HOST:PORT, such as 127.0.0.1:8080")
    token = read_token(token_file) if token_file is not None else None
    check_safe(host, tls, token, option)
    return WebOptions(host, int(port), tls, token)


def check_safe(host: str, tls: Path | None, token: str | None, option: str = "--web") -> None:
    """Raises InputError unless the host is loopback or both TLS and a token are given, and the TLS folder will do."""
    if not is_loopback(host) and (tls is None or token is None):
        missing = " and ".join(
            option for option, given in (("--web-tls DIR", tls), ("--web-token-file FILE", token)) if given is None
        )
        raise InputError(option, f"{host} is not loopback: others could read along", f"give {missing} as well")
    if tls is not None:
        check_tls_folder(tls)


def read_token(path: Path) -> str:
    """The token in a file that nobody else can read. Raises InputError; the token is in no message."""
    where = "--web-token-file"
    try:
        mode, text = path.stat().st_mode, path.read_bytes()[: _MOST_TOKEN + 3].decode("ascii").strip("\r\n")
    except UnicodeDecodeError:
        raise InputError(where, f"{path} holds no token", _TOKEN_HINT) from None
    except OSError as error:
        raise InputError(where, f"{path} cannot be read: {error.strerror}", "name a file of yours") from None
    if mode & 0o077:
        raise InputError(where, f"others can read {path}", f"chmod 600 {path}")
    if not LEAST_TOKEN <= len(text) <= _MOST_TOKEN:
        raise InputError(where, f"the token in {path} has {len(text)} characters", _TOKEN_HINT)
    if not text.isprintable() or " " in text:
        raise InputError(where, f"{path} holds no token", _TOKEN_HINT)
    return text


def check_tls_folder(folder: Path, now: datetime.datetime | None = None) -> None:
    """Raises InputError unless the folder holds a server's certificate that is valid now, and its key, ours alone."""
    certificate, key = folder / CERTIFICATE_FILE, folder / KEY_FILE
    try:
        mode, pem = key.stat().st_mode, certificate.read_bytes()
    except OSError as error:
        raise InputError(
            "--web-tls", f"{error.filename} cannot be read: {error.strerror}", "a folder with both"
        ) from None
    if mode & 0o077:
        raise InputError("--web-tls", f"others can read {key}", f"chmod 600 {key}")
    try:
        parsed = x509.load_pem_x509_certificate(pem)
    except ValueError:
        raise InputError("--web-tls", f"{certificate} is no certificate", "PEM") from None
    now = now or datetime.datetime.now(datetime.timezone.utc)
    if not parsed.not_valid_before_utc <= now <= parsed.not_valid_after_utc:
        valid = f"{parsed.not_valid_before_utc.date()} to {parsed.not_valid_after_utc.date()}"
        raise InputError("--web-tls", f"{certificate} is valid from {valid}", "a certificate that is valid now")
    if not _serves(parsed):
        raise InputError("--web-tls", f"{certificate} is no server's certificate", "davy ca issue --server HOST")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=lambda: "")
    except (ssl.SSLError, ValueError, OSError):
        raise InputError(
            "--web-tls", f"{key} is not the key of {CERTIFICATE_FILE}", "keep the files together"
        ) from None


def _serves(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return ExtendedKeyUsageOID.SERVER_AUTH in usage or ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in usage
