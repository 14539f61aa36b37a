"""The pieces of a release: each a run of bytes with its place in the flash."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from davy.image.partitions import BLOCK_BYTES, FLASH_BYTES, KEPT, VFS

MICROPYTHON = "micropython"
APPLICATION = "application"
KINDS = (MICROPYTHON, APPLICATION)
#: The superblock pair of the file system: written last, so that a file system in the making is none.
HEAD = "application-head"
HEAD_BYTES = 2 * BLOCK_BYTES
#: The flash is written in words.
_WORD_BYTES = 4


@dataclass(frozen=True)
class Part:
    """`data` belongs at `offset` (bytes from the start of the flash); `file` is its name in a release's folder."""

    name: str
    kind: str
    file: str
    offset: int
    data: bytes
    sha256: str

    @property
    def size(self) -> int:
        return len(self.data)


def new_part(name: str, kind: str, offset: int, data: bytes) -> Part:
    """A part with its file's name and its hash."""
    return Part(name, kind, f"{name}.bin", offset, data, hashlib.sha256(data).hexdigest())


def trimmed(data: bytes) -> bytes:
    """Without the erased bytes at its end, but for those that fill a word; never a whole block less, as that would stay."""
    last_block = (len(data) - 1) // BLOCK_BYTES * BLOCK_BYTES
    used = max(len(data.rstrip(b"\xff")), last_block + 1)
    return data[:used] + b"\xff" * (-used % _WORD_BYTES)


def misplaced(parts: tuple[Part, ...]) -> str:
    """What is wrong with where the parts lie and how they follow each other; "" when nothing is.

    Flash is erased by blocks: as all begin with one, none takes a block of another.
    """
    if not parts or parts[-1].name != HEAD or parts[-1].offset != VFS.offset or parts[-1].size != HEAD_BYTES:
        return f"{HEAD} of {HEAD_BYTES} bytes at 0x{VFS.offset:x} is not the last part"
    if len({part.name for part in parts}) < len(parts) or len({part.file for part in parts}) < len(parts):
        return "two parts have one name"
    spans: list[tuple[int, int, str]] = [(kept.offset, kept.end, f"partition {kept.name}") for kept in KEPT]
    for part in parts:
        end = part.offset + part.size
        low, high = (0, VFS.offset) if part.kind == MICROPYTHON else (VFS.offset, VFS.end)
        if part.size == 0 or part.offset < 0 or part.offset % BLOCK_BYTES:
            return f"{part.name} is empty, or not at the start of a block"
        if end > FLASH_BYTES:
            return f"{part.name} ends at 0x{end:x}, outside of the flash"
        for other_start, other_end, other in spans:
            if part.offset < other_end and other_start < end:
                return f"{part.name} lies over {other}"
        if not low <= part.offset < end <= high:
            return f"{part.name} is of kind {part.kind} and not between 0x{low:x} and 0x{high:x}"
        spans.append((part.offset, end, part.name))
    return ""
