"""What anybody may know of a unit: its unit.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from davy.errors import InputError
from davy.identity.identifier import checked_identifier

SCHEMA = 1
FILE = "unit.json"
_TEXTS = ("serial", "board", "product", "batch", "made")
_MOST_TEXT = 40


def check_text(text: str, where: str) -> None:
    """Raises InputError for what a label printer's own font could not show."""
    if len(text) > _MOST_TEXT or not text.isascii() or not (text == "" or text.isprintable()):
        raise InputError(where, f"{text!r} will not do", f"at most {_MOST_TEXT} printable ASCII characters")


def load_public(folder: Path) -> dict[str, Any]:
    """The unit in a folder that `davy unit new` made. Raises InputError."""
    path = folder / FILE
    try:
        public = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(str(folder), f"there is no {FILE}", "a folder that davy unit new made") from None
    except (OSError, ValueError) as error:
        raise InputError(str(path), f"cannot be read as JSON: {error}") from None
    if not isinstance(public, dict) or public.get("schema") != SCHEMA:
        raise InputError(str(path), "is no unit", f"an object with 'schema': {SCHEMA}")
    for name in ("identifier", *_TEXTS):
        if not isinstance(public.get(name), str):
            raise InputError(f"{path}: {name}", "is no text", "as davy unit new wrote it")
    checked_identifier(public["identifier"], f"{path}: identifier")
    for name in _TEXTS:
        check_text(public[name], f"{path}: {name}")
    return public
