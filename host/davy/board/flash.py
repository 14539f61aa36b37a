"""The 4 MB flash of a virtual board, in a file: partition table, NVS, littlefs."""

from __future__ import annotations

import os
from pathlib import Path

from davy.image.build import Image
from davy.image.partitions import FLASH_BYTES, NVS, TABLE_OFFSET, VFS, table_bytes


def new_flash(path: Path, image: Image, nvs: bytes | None = None) -> None:
    """Write a fresh unit's flash: everything erased (0xFF), the table, the image in `vfs`, and in `nvs` what it was given.

    Written beside the target and renamed, so that a broken run leaves no half flash.
    """
    flash = bytearray(b"\xff" * FLASH_BYTES)
    table = table_bytes()
    flash[TABLE_OFFSET : TABLE_OFFSET + len(table)] = table
    flash[VFS.offset : VFS.offset + len(image.littlefs)] = image.littlefs
    if nvs is not None:
        if len(nvs) != NVS.length:
            raise ValueError(f"an NVS partition of {len(nvs)} bytes, not {NVS.length}")
        flash[NVS.offset : NVS.end] = nvs
    beside = path.with_name(path.name + ".new")
    beside.write_bytes(flash)
    os.replace(beside, path)
