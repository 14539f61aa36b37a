"""A device's file system with no room left in it, and how it gets its room back; on the bytes of its whole flash."""

from __future__ import annotations

import littlefs

from davy.image.partitions import BLOCK_BYTES, VFS

FILLER = "filler.bin"
_PIECES = (65_536, 4_096, 256, 16)


def fill(flash: bytearray) -> int:
    """Write until nothing more goes in; the bytes that went. ValueError for a flash without a file system."""
    filesystem = _mounted(flash)
    if FILLER not in filesystem.listdir("/"):
        filesystem.open(FILLER, "wb").close()
    written = 0
    for size in _PIECES:
        while True:
            # Closed after each piece: only then is it known to be on the chip.
            try:
                with filesystem.open(FILLER, "ab") as file:
                    file.write(b"\xa5" * size)
            except (littlefs.LittleFSError, OSError):
                break
            written += size
    _put_back(flash, filesystem)
    return written


def empty(flash: bytearray) -> None:
    """Take away what `fill` put there."""
    filesystem = _mounted(flash)
    if FILLER in filesystem.listdir("/"):
        filesystem.remove(FILLER)
    _put_back(flash, filesystem)


def _mounted(flash: bytearray) -> littlefs.LittleFS:
    filesystem = littlefs.LittleFS(block_size=BLOCK_BYTES, block_count=VFS.length // BLOCK_BYTES, mount=False)
    filesystem.context.buffer = bytearray(flash[VFS.offset : VFS.end])
    try:
        filesystem.mount()
    except littlefs.LittleFSError as error:
        raise ValueError(f"the flash holds no file system: {error}") from error
    return filesystem


def _put_back(flash: bytearray, filesystem: littlefs.LittleFS) -> None:
    filesystem.unmount()
    flash[VFS.offset : VFS.end] = filesystem.context.buffer
