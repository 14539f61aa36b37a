"""A broker's address, and why it cannot be had, in words."""

from __future__ import annotations

import ipaddress
import ssl
from urllib.parse import urlsplit

from davy.errors import InputError

_PORTS = {"mqtt": 1883, "mqtts": 8883}


def parse_broker(url: str) -> tuple[str, int, bool]:
    """(host, port, whether by TLS) of `mqtt://host:port` or `mqtts://host:port`. Raises InputError."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        parts, port = urlsplit(""), 0
    if parts.scheme not in _PORTS or not parts.hostname or parts.path not in ("", "/") or parts.username is not None:
        shown = "what is given" if "@" in url else repr(url)  # a password may be in it
        raise InputError("--broker", f"{shown} is no broker's address", "write mqtt://host:port or mqtts://host:port")
    return parts.hostname, port, parts.scheme == "mqtts"


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine can connect to it. A name other than localhost may lead anywhere."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def failure_words(error: BaseException | None) -> str:
    """Why a connection was not made, for a person."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"shows a certificate that does not hold: {error.verify_message.rstrip('.')}"
    if isinstance(error, ssl.SSLError):
        return f"does not speak TLS with us: {(error.reason or 'connection ended').lower().replace('_', ' ')}"
    return "does not answer"
