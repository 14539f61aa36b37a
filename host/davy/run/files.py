"""Writing results: whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from davy.errors import InputError


def check_writable(path: Path, option: str) -> None:
    """Raises InputError when a file cannot be made there; nothing is left behind."""
    folder = path.parent
    if path.is_dir():
        raise InputError(option, f"{path} is a folder", "name a file")
    if not folder.is_dir():
        raise InputError(option, f"there is no folder {folder}", "make it first")
    if not os.access(folder, os.W_OK):
        raise InputError(option, f"{folder} cannot be written to", "name a file in a folder of yours")


def write_whole(path: Path, text: str) -> None:
    """Write beside the target and rename: a reader never sees half a file."""
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, prefix=f".{path.name}.", delete=False, encoding="utf-8"
    ) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)
