"""`davy ca`: the maker's certificate authority."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The maker's certificate authority, which signs each unit's certificate.")


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to make; nothing is overwritten.")],
    name: Annotated[str, typer.Option(help="What the CA is called in its certificate.")] = "davy units",
    years: Annotated[int, typer.Option(help="How long its certificate holds.", min=1, max=60)] = 30,
) -> int:
    """Make a CA in DIR: its key, its certificate, and proof.key, of which every unit's secret is derived.

    Keep the folder off the network, and a copy of it: without it no unit can be made, and none proves itself.
    """
    from davy.identity import create_ca
    from davy.identity.ca import sha256

    ca = create_ca(folder, name, years)
    print(f"CA {name!r} in {folder}, until {ca.certificate.not_valid_after_utc:%Y-%m-%d}")
    print(f"certificate SHA-256 {sha256(ca.certificate)}")
    return 0


@app.command()
def issue(
    ca: Annotated[Path, typer.Option("--ca", metavar="DIR", help="The CA, made by davy ca init.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder to make; nothing is overwritten.")],
    server: Annotated[
        str | None,
        typer.Option(metavar="HOST[,HOST..]", help="A broker's: names and addresses by which it is reached."),
    ] = None,
    monitor: Annotated[str | None, typer.Option(metavar="NAME", help="A monitor's: what it is called.")] = None,
    years: Annotated[int, typer.Option(help="How long the certificate holds.", min=1, max=40)] = 5,
) -> int:
    """Make key.pem, cert.pem and ca.cert.pem for a broker, a monitor, or (both options) a monitor with its built-in broker.

    Examples:

      davy ca issue --ca ca --server broker.example,10.0.0.5 -o broker-tls

      davy ca issue --ca ca --monitor site1 -o monitor-tls
    """
    from davy.identity import Ca, issue_peer
    from davy.identity.ca import sha256

    hosts = [host.strip() for host in server.split(",")] if server is not None else []
    certificate = issue_peer(Ca.load(ca), out, server=hosts, monitor=monitor, years=years)
    print(f"certificate in {out}, until {certificate.not_valid_after_utc:%Y-%m-%d}")
    print(f"certificate SHA-256 {sha256(certificate)}")
    return 0
