"""The files of a unit's label: what is printed, and what is written into an NFC tag."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from davy.errors import InputError
from davy.files import write_whole
from davy.identity.label_draw import to_png, to_svg, to_zpl
from davy.identity.label_layout import lay_out
from davy.identity.ndef import text_message
from davy.identity.public import load_public


def label_files(public: dict[str, Any]) -> dict[str, bytes]:
    """Name -> bytes, of a unit's public data; the same data give the same label."""
    layout = lay_out(public)
    return {
        "label.svg": to_svg(layout),
        "label.png": to_png(layout),
        "label.zpl": to_zpl(layout, public["identifier"]),
        "ndef.bin": text_message(public["identifier"]),
    }


def write_label(unit: Path, out: Path | None = None) -> list[Path]:
    """Make the label of the unit in that folder anew, there or in another folder. Raises InputError. Gives the files."""
    files = label_files(load_public(unit))
    folder = out or unit
    if not folder.is_dir():
        raise InputError("--out", f"there is no folder {folder}", "make it first")
    try:
        for name, data in files.items():
            write_whole(folder / name, data)
    except OSError as error:
        raise InputError("--out", f"{folder} cannot be written to: {error.strerror}", "a folder of yours") from None
    return [folder / name for name in files]
