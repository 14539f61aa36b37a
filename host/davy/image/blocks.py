"""Which blocks of a littlefs image a chip must get, so that what it held before does not matter.

A chip that is flashed again keeps the old file system in every block that is not written. What littlefs looks at, when it
mounts and reads everything, must therefore be written even where it is erased: of a directory's two blocks the newer one
counts, and an old one that was left there would look newer.
"""

from __future__ import annotations

from pathlib import PurePosixPath

import littlefs

from davy.image.partitions import BLOCK_BYTES, VFS
from davy.image.parts import HEAD_BYTES

_HEAD_BLOCKS = HEAD_BYTES // BLOCK_BYTES


class _Watched(littlefs.UserContext):
    """A flash that remembers which of its blocks were looked at."""

    def __init__(self, image: bytes) -> None:
        super().__init__(buffer=bytearray(image))
        self.seen: set[int] = set()

    def read(self, cfg: littlefs.LFSConfig, block: int, off: int, size: int) -> bytearray:
        self.seen.add(block)
        return super().read(cfg, block, off, size)


def files_in(image: bytes) -> dict[str, bytes]:
    """Every file of a `vfs` image by its name. Raises littlefs.LittleFSError when it does not mount."""
    return _read(image)[0]


def used_blocks(image: bytes) -> tuple[int, ...]:
    """The blocks that littlefs looks at, in their order."""
    return tuple(sorted(_read(image)[1]))


def runs(blocks: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """Sorted blocks as (first, count) of those that follow each other."""
    found: list[tuple[int, int]] = []
    for block in blocks:
        if found and sum(found[-1]) == block:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((block, 1))
    return tuple(found)


def with_one_head(image: bytes) -> bytes:
    """The same file system with only the newer half of its superblock pair, the other erased.

    The older half is the root directory before its last change: a mount that finds nothing else takes it for the whole.
    """
    files = files_in(image)
    for half in range(_HEAD_BLOCKS):
        at = half * BLOCK_BYTES
        settled = image[:at] + b"\xff" * BLOCK_BYTES + image[at + BLOCK_BYTES :]
        try:
            if files_in(settled) == files:
                return settled
        except littlefs.LittleFSError:
            continue
    raise AssertionError("neither half of the superblock pair holds the file system")


def _read(image: bytes) -> tuple[dict[str, bytes], set[int]]:
    context = _Watched(image)
    filesystem = littlefs.LittleFS(context, mount=False, block_size=BLOCK_BYTES, block_count=VFS.length // BLOCK_BYTES)
    filesystem.mount()
    files: dict[str, bytes] = {}
    for folder, _, names in filesystem.walk("/"):
        for name in names:
            path = PurePosixPath(folder, name)
            with filesystem.open(str(path), "rb") as file:
                files[str(path.relative_to("/"))] = file.read()
    return files, context.seen
