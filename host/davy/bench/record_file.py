"""Files of a records folder: where each lies, and how one is written once and never again.

RECORDS/<serial>/<start UTC>-<bench>-<id>.json   the record, read-only (0444)
RECORDS/<serial>/<start UTC>-<bench>-<id>.html   the report that was made of it
RECORDS/live/<bench>.json                        what a bench does now
RECORDS/history.sqlite                           all records in a database, which can be made anew of them
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import quote

from davy.bench.errors import BenchError
from davy.errors import InputError

LIVE, HISTORY = "live", "history.sqlite"
#: A device whose serial was never read.
UNKNOWN = "_unknown"
#: Names of a file system are limited to 255 bytes; a serial is escaped to at most three times its length.
_MOST_NAME_BYTES = 180
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
#: Taken in the folder where serials go; with an escape in it the name is free again.
_TAKEN = (LIVE, HISTORY)


def safe_name(text: str) -> str:
    """A serial or a bench as one component of a path: itself when it is plain, percent-escaped otherwise; two never meet.

    Raises InputError when it is too long for a file's name.
    """
    if not text:
        return UNKNOWN
    name = text
    if not _PLAIN_NAME.fullmatch(text) or text.lower() in _TAKEN:
        name = quote(text, safe="", errors="surrogatepass")
        if name == text or name[0] in "._-~":  # what quote() leaves as it is
            name = f"%{ord(name[0]):02X}{name[1:]}"
    if len(name) > _MOST_NAME_BYTES:
        raise InputError(f"{text[:40]!r}...", f"is too long for a file's name ({len(name)} characters)", "shorten it")
    return name


def record_stem(started_ms: int, bench: str, short_id: str) -> str:
    """A record's name without its ending: `20261125T214840Z-bench_1-3f9a0c12`."""
    started = datetime.fromtimestamp(started_ms / 1000, timezone.utc)
    return f"{started:%Y%m%dT%H%M%SZ}-{safe_name(bench)}-{short_id}"


def sha256_of(content: bytes) -> str:
    """Of a record's bytes, in hexadecimal: what the history knows it by."""
    return hashlib.sha256(content).hexdigest()


@contextlib.contextmanager
def beside(path: Path, content: bytes, mode: int) -> Iterator[Path]:
    """The content, on the disk under a hidden name next to `path`; removed at the end unless it was renamed.

    Raises OSError; nothing is left then.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    waiting = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        yield waiting
    finally:
        with contextlib.suppress(FileNotFoundError):
            waiting.unlink()


def put_in_place(waiting: Path, path: Path) -> None:
    """Give the waiting file its name, which nobody may have, and have the folder on the disk. Raises FileExistsError, OSError."""
    os.link(waiting, path)  # unlike a rename it never replaces
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextlib.contextmanager
def kept(path: Path) -> Iterator[None]:
    """What the disk refuses while `path` is written is a BenchError with the cause `record`."""
    try:
        yield
    except FileExistsError as error:
        raise BenchError("record", str(path), "is there already, and a record is never changed", "run again") from error
    except OSError as error:
        said = error.strerror or str(error)
        raise BenchError(
            "record", str(path), f"could not be written: {said}", "make room or mend the folder, and run again"
        ) from error
