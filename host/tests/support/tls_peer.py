"""For the benchmarks of the link: a maker's CA, a unit's credentials, and an OpenSSL server that asks for them."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from davy.identity import Ca, create_ca

HOST = "broker.davy.lan"


@dataclass(frozen=True)
class Maker:
    """A CA in a folder, with `cert.der`, `key.der` and `ca.der` of one unit beside it."""

    folder: Path
    ca: Ca


def make(folder: Path) -> Maker:
    ca = create_ca(folder / "ca")
    der = serialization.Encoding.DER
    key, certificate = issued(ca, "unit", ExtendedKeyUsageOID.CLIENT_AUTH)
    (folder / "cert.der").write_bytes(certificate.public_bytes(der))
    kind = serialization.PrivateFormat.TraditionalOpenSSL
    (folder / "key.der").write_bytes(key.private_bytes(der, kind, serialization.NoEncryption()))
    (folder / "ca.der").write_bytes(ca.der)
    return Maker(folder, ca)


def issued(
    ca: Ca, name: str, use: x509.ObjectIdentifier, hosts: tuple[x509.GeneralName, ...] = ()
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.timezone.utc)
    return key, ca.issue(name, key.public_key(), 1, now, (use,), hosts)


After = Callable[[ssl.SSLSocket], None]


def echo(secured: ssl.SSLSocket) -> None:
    """Once."""
    secured.sendall(secured.recv(1_024))


def close_at_once(secured: ssl.SSLSocket) -> None:
    """Nothing but a handshake."""


def forward(port: int) -> After:
    """To a server that speaks in clear."""

    def pump(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(4_096):
                target.sendall(data)
            target.shutdown(socket.SHUT_RDWR)

    def behave(secured: ssl.SSLSocket) -> None:
        with socket.create_connection(("127.0.0.1", port)) as plain:
            back = threading.Thread(target=pump, args=(plain, secured), daemon=True)
            back.start()
            pump(secured, plain)
            back.join(5)

    return behave


class Server:
    """On loopback: a handshake with certificates both ways, then what `after` does."""

    def __init__(self, maker: Maker, after: After) -> None:
        hosts = (x509.DNSName(HOST), x509.IPAddress(ipaddress.IPv4Address("127.0.0.1")))
        key, certificate = issued(maker.ca, "broker", ExtendedKeyUsageOID.SERVER_AUTH, hosts)
        pem, none = serialization.Encoding.PEM, serialization.NoEncryption()
        path = maker.folder / "server.pem"
        path.write_bytes(
            key.private_bytes(pem, serialization.PrivateFormat.PKCS8, none) + certificate.public_bytes(pem)
        )
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(path)
        self._context.load_verify_locations(maker.folder / "ca" / "ca.cert.pem")
        self._context.verify_mode = ssl.CERT_REQUIRED
        self._after = after
        self.handshakes = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), self._context.wrap_socket(connection, server_side=True) as secured:
            self.handshakes += 1
            self._after(secured)

    def close(self) -> None:
        self._server.close()
