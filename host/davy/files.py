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


def write_whole(path: Path, content: str | bytes, mode: int = 0o644) -> None:
    """Write beside the target and rename: a reader never sees half a file, and none of it with wider rights than `mode`.

    Text is written as UTF-8. Raises OSError when the disk is full or the folder is not ours; the target is as it was.
    """
    data = content.encode() if isinstance(content, str) else content
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(beside, mode)
        os.replace(beside, path)
    except BaseException:
        os.unlink(beside)
        raise
