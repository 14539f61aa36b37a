"""`davy image`: what is flashed to every unit of a board."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from davy.image.manifest import Release


def image(
    board: Annotated[str, typer.Argument(help="A board's name under boards/, or a board.toml.", show_default=False)],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the parts and manifest.json.", show_default=False)
    ],
    micropython: Annotated[
        Path | None, typer.Option(help="MicroPython for the board's chip: the .bin of its download page.")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print the manifest instead of a table.")] = False,
) -> int:
    """Make the image of a BOARD: firmware/ compiled, in a littlefs file system.

    The folder gets one file for each part of the flash, and manifest.json with
    their offsets, sizes and SHA-256, in the order in which they are written.
    Only used blocks are in it, and nothing of a unit: settings, calibration and
    keys lie in the unit's NVS, which no part touches. The same input gives the
    same bytes.

    MicroPython is not part of davy: take the .bin (1.29) from its download page,
    ESP32_GENERIC for an ESP32, ESP32_GENERIC_S3 for an ESP32-S3. It is checked
    to its last byte. Without it the image is the application alone, for chips
    that have MicroPython already. The chip must have 4 MB of flash.

    Examples:

      davy image devkit_mq --micropython ESP32_GENERIC-20260101-v1.29.0.bin -o out

      davy image devkit_mq -o out --json
    """
    # Imported here, so that --help is there at once.
    from davy.image.boardfile import load_board
    from davy.image.manifest import to_json
    from davy.image.release import build_release, write_release

    release = build_release(load_board(board), micropython)
    write_release(release, out)
    if json_:
        print(to_json(release), end="")
    else:
        _show(release, out)
    return 0


def _show(release: Release, out: Path) -> None:
    import zlib

    from rich.console import Console
    from rich.table import Table

    from davy.image.micropython import download_hint

    console = Console()
    table = Table("part", box=None, pad_edge=False)
    for column in ("offset", "bytes", "compressed"):
        table.add_column(column, justify="right")
    table.add_column("sha256")
    total = wire = 0
    for part in release.parts:
        compressed = len(zlib.compress(part.data, 9))
        total, wire = total + part.size, wire + compressed
        table.add_row(part.name, f"0x{part.offset:06x}", f"{part.size:,}", f"{compressed:,}", part.sha256[:16])
    console.print(table)
    commit = "no commit" if release.git_commit is None else f"commit {release.git_commit[:12]}"
    lines = (
        f"{total:,} bytes, {wire:,} over the wire",
        f"image {release.image_sha256}",
        f"davy {release.firmware} for {release.board} ({release.mcu}, tier {release.tier}), {commit}"
        + (" with changes" if release.git_dirty else "")
        + (f", MicroPython {release.micropython}" if release.micropython else ""),
        f"written to {out}",
    )
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if release.micropython is None:
        console.print(
            f"the application only: for a chip without MicroPython give --micropython with {download_hint(release.mcu)}",
            style="yellow", markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip
