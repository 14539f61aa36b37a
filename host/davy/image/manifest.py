"""A release as manifest.json tells it: what it is, and each part with its place, size and SHA-256."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from davy.image.chips import CHIPS
from davy.image.partitions import FLASH_BYTES
from davy.image.parts import KINDS, Part

SCHEMA = 1
_FILE = re.compile(r"[a-z0-9][a-z0-9-]*\.bin")
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Release:
    """What is put on every unit of a board; nothing in it is a unit's own.

    `parts` stand in the order in which they are written. `image_sha256` is the content hash that a unit reports;
    `micropython` is None when the release is the application alone, `git_commit` when it was not built in a checkout.
    """

    board: str
    mcu: str
    tier: str
    firmware: str
    protocol_version: int
    schema_checksum: int
    image_sha256: str
    git_commit: str | None
    git_dirty: bool
    micropython: str | None
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Entry:
    """What a manifest says of a part."""

    name: str
    kind: str
    file: str
    offset: int
    size: int
    sha256: str


class ManifestError(Exception):
    """What a manifest says that a release's own would not, in a few words."""


#: Key -> what its value must be; None stands for null.
_KEYS: dict[str, tuple[type | None, ...]] = {
    "schema": (int,), "board": (str,), "mcu": (str,), "tier": (str,), "firmware": (str,), "protocol_version": (int,),
    "schema_checksum": (int,), "image_sha256": (str,), "git_commit": (str, None), "git_dirty": (bool,),
    "micropython": (str, None), "flash_bytes": (int,), "parts": (list,), "sha256": (str,),
}  # fmt: skip
_ENTRY_KEYS: dict[str, tuple[type | None, ...]] = {
    "name": (str,), "kind": (str,), "file": (str,), "offset": (int,), "size": (int,), "sha256": (str,),
}  # fmt: skip


def manifest(release: Release) -> dict[str, Any]:
    """As it is written, without times: the same release gives the same bytes.

    `sha256` is over all the rest, so that a slip of an editor shows.
    """
    said: dict[str, Any] = {
        "schema": SCHEMA,
        "board": release.board,
        "mcu": release.mcu,
        "tier": release.tier,
        "firmware": release.firmware,
        "protocol_version": release.protocol_version,
        "schema_checksum": release.schema_checksum,
        "image_sha256": release.image_sha256,
        "git_commit": release.git_commit,
        "git_dirty": release.git_dirty,
        "micropython": release.micropython,
        "flash_bytes": FLASH_BYTES,
        "parts": [{key: getattr(part, key) for key in _ENTRY_KEYS} for part in release.parts],
    }
    return {**said, "sha256": own_hash(said)}


def to_json(release: Release) -> str:
    """manifest.json."""
    return json.dumps(manifest(release), indent=2, ensure_ascii=False) + "\n"


def parse_manifest(text: str) -> tuple[dict[str, Any], tuple[Entry, ...]]:
    """Everything but the parts' bytes, and the parts. Raises ManifestError."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"is no JSON: {error}") from None
    if isinstance(said, dict) and said.get("schema") != SCHEMA:
        raise ManifestError(f"is of schema {said.get('schema')!r:.40}, and this davy reads {SCHEMA}")
    _check_keys(said, _KEYS, "")
    told = said.pop("sha256")
    if told != own_hash(said):
        raise ManifestError("was changed after it was made: its own sha256 is another")
    if said["mcu"] not in CHIPS or said["flash_bytes"] != FLASH_BYTES:
        raise ManifestError(f"is for a chip {said['mcu']!r:.40} with {said['flash_bytes']} bytes of flash")
    entries = []
    for number, part in enumerate(said.pop("parts")):
        place = f"parts[{number}]: "
        _check_keys(part, _ENTRY_KEYS, place)
        if part["kind"] not in KINDS or not _FILE.fullmatch(part["file"]) or not _HASH.fullmatch(part["sha256"]):
            raise ManifestError(f"{place}its kind, file or sha256 will not do")
        entries.append(Entry(**part))
    return said, tuple(entries)


def is_of_release(text: str) -> bool:
    """Whether a manifest.json may be replaced: a release's, or one that was damaged until it is no JSON."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return True
    return isinstance(said, dict) and "image_sha256" in said


def own_hash(said: dict[str, Any]) -> str:
    """SHA-256 over a manifest without its own `sha256`."""
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _check_keys(said: Any, keys: dict[str, tuple[type | None, ...]], place: str) -> None:
    if not isinstance(said, dict) or set(said) != set(keys):
        raise ManifestError(f"{place}has other keys than {', '.join(keys)}")
    for key, types in keys.items():
        if (None if said[key] is None else type(said[key])) not in types:
            raise ManifestError(f"{place}{key} is {said[key]!r:.40}")
