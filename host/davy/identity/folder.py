"""A folder of files: there whole, or not there."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from davy.errors import InputError


@dataclass(frozen=True)
class Content:
    """A file's bytes and its rights; the bytes may be secret and are not shown."""

    data: bytes = field(repr=False)
    mode: int = 0o644


def check_free(path: Path, where: str) -> None:
    """Raises InputError when there is something at the path already: nothing is ever overwritten. An empty folder will do."""
    try:
        taken = os.path.lexists(path) and (not path.is_dir() or any(path.iterdir()))
    except OSError as error:
        raise InputError(where, f"{path} cannot be looked into: {error.strerror}", "name a folder of yours") from None
    if taken:
        raise InputError(where, f"{path} is there already", "name another; nothing is overwritten")


def write_folder(path: Path, files: dict[str, Content], where: str, mode: int = 0o755) -> None:
    """Write beside the place and rename; the folder that it stands in is made. Raises InputError."""
    check_free(path, where)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))  # nobody else may look into it
    except OSError as error:
        raise InputError(where, f"{path} cannot be made: {error.strerror}", "name a folder of yours") from None
    try:
        for name, content in files.items():
            descriptor = os.open(beside / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, content.mode)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content.data)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(beside / name, content.mode)
        os.chmod(beside, mode)
        os.rename(beside, path)
    except OSError as error:
        raise InputError(where, f"{path} cannot be written: {error.strerror}", "is the disk full?") from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)
