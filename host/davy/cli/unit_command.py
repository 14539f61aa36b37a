"""`davy unit`: makes units, and their labels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="A unit's identity: its record for the chip, its certificate, its label.")


@app.command()
def new(
    ca: Annotated[Path, typer.Option("--ca", metavar="DIR", help="The CA, made by davy ca init.")],
    serial: Annotated[str, typer.Option(help="The unit's serial: 1 to 32 of A-Z, 0-9 and -.")],
    board: Annotated[str, typer.Option(help="A name under boards/, or a board.toml.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="UNITS", help="Where the unit's folder is made.")],
    prefix: Annotated[str, typer.Option(help="The maker's prefix.")] = "88.118.8",
    batch: Annotated[str, typer.Option(help="Text for the label.")] = "",
    settings: Annotated[
        Path | None, typer.Option(metavar="FILE.toml", help="Where it reports; else on its wired line only.")
    ] = None,
    calibration: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="Of its sensors; without it the unit shows a fault.")
    ] = None,
    years: Annotated[int, typer.Option(help="How long its certificate holds.", min=1, max=40)] = 10,
) -> int:
    """Make a unit: UNITS/<serial>/ with unit.json, nvs.bin, cert.pem and its label.

    nvs.bin goes into the unit's chip, at 0x9000. It holds the unit's private key, which is nowhere else.

    Example:

      davy unit new --ca ca --serial GA26000001 --board virtual --settings site.toml -o units
    """
    from davy.identity import Ca, load_unit_settings, make_identifier, provision, write_unit
    from davy.identity.folder import check_free
    from davy.image.boardfile import load_board
    from davy.image.calibration import load_calibration

    identifier = make_identifier(prefix, serial)
    check_free(out / serial, "--out")
    spec = load_board(board)
    own = load_calibration(calibration, spec) if calibration is not None else None
    told = load_unit_settings(settings, identifier)
    unit = provision(Ca.load(ca), identifier, spec, told, own, batch, years=years)
    folder = write_unit(unit, out)
    print(f"unit {identifier} in {folder}" + ("" if own else ", not calibrated"))
    print(f"certificate SHA-256 {unit.public['certificate']['sha256']}")
    return 0


@app.command()
def label(
    unit: Annotated[Path, typer.Argument(metavar="UNITDIR", help="A unit's folder.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="Where to; else into the unit's folder.")
    ] = None,
) -> int:
    """Make a unit's label anew: label.svg, label.png, label.zpl, and ndef.bin for an NFC tag."""
    from davy.identity import write_label

    for path in write_label(unit, out):
        print(path)
    return 0


@app.command()
def prove(
    port: Annotated[str, typer.Option(help="The board's port.")],
    ca: Annotated[Path, typer.Option("--ca", metavar="DIR", help="The CA that made the unit.")],
    unit: Annotated[
        Path | None, typer.Option(metavar="UNITDIR", help="Which unit it must be; else whichever it says that it is.")
    ] = None,
) -> int:
    """Challenge a unit over its serial line: only the one that was made, and no copy of its label, can answer.

    Exit status 0 when it proves who it is, 1 when it does not, 3 when nobody answers.
    """
    from davy.errors import EXIT_FAILED, EXIT_OK
    from davy.flash.challenge import challenge
    from davy.identity import Ca
    from davy.identity.public import load_public

    expected = load_public(unit) if unit is not None else None
    answer = challenge(port, Ca.load(ca).proof_secret)
    if expected is not None and answer.identifier != expected["identifier"]:
        print(f"FAIL: it says that it is {answer.identifier or 'nobody'}, not {expected['identifier']}")
        return EXIT_FAILED
    if not answer.proven:
        print(f"FAIL: it says that it is {answer.identifier or 'nobody'}, and {answer.why}")
        return EXIT_FAILED
    if expected is not None and not expected["certificate"]["sha256"].startswith(answer.certificate):
        print(f"FAIL: it is {answer.identifier}, with another certificate ({answer.certificate}) than {unit} has")
        return EXIT_FAILED
    print(f"PASS: it is {answer.identifier}, certificate {answer.certificate}")
    return EXIT_OK
