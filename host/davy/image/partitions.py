"""The flash layout of stock MicroPython on an ESP32 with 4 MB, and the partition table's bytes.

Source: the default table of the port (nvs, phy_init, factory) and its `vfs` partition, which the port
adds at boot from the end of `factory` to the end of the flash.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

FLASH_BYTES = 4 * 1024 * 1024
BLOCK_BYTES = 4096
TABLE_OFFSET = 0x8000
_TABLE_BYTES = 0xC00
_ENTRY_MAGIC = 0x50AA
_MD5_MAGIC = b"\xeb\xeb" + b"\xff" * 14
_APP, _DATA = 0, 1


@dataclass(frozen=True)
class Partition:
    """One entry; `offset` and `length` in bytes from the start of the flash."""

    name: str
    kind: int
    subtype: int
    offset: int
    length: int

    @property
    def end(self) -> int:
        return self.offset + self.length


NVS = Partition("nvs", _DATA, 0x02, 0x9000, 0x6000)
PHY = Partition("phy_init", _DATA, 0x01, 0xF000, 0x1000)
FACTORY = Partition("factory", _APP, 0x00, 0x10000, 0x1F0000)
VFS = Partition("vfs", _DATA, 0x81, 0x200000, FLASH_BYTES - 0x200000)
TABLE = (NVS, PHY, FACTORY, VFS)


def table_bytes(partitions: tuple[Partition, ...] = TABLE) -> bytes:
    """The table as it lies at TABLE_OFFSET: 32-byte entries, an MD5 entry, 0xFF to the end."""
    entries = b"".join(
        struct.pack("<HBBII16sI", _ENTRY_MAGIC, p.kind, p.subtype, p.offset, p.length, p.name.encode(), 0)
        for p in partitions
    )
    table = entries + _MD5_MAGIC + hashlib.md5(entries).digest()
    return table.ljust(_TABLE_BYTES, b"\xff")
