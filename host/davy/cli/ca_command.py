"""`davy ca`: the maker's certificate authority."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The maker's certificate authority, which signs each unit's certificate.")


@app.callback()
def _ca() -> None:
    # Without it typer takes the only command for the program itself, and `init` for its argument.
    return


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
