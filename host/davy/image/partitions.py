"""The flash layout of stock MicroPython on an ESP32 with 4 MB, and the partition table's bytes.

Source: the default table of the port (nvs, phy_init, factory) and its `vfs` partition, which the port
adds at boot from the end of `factory` to the end of the flash.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

from davy.errors import InputError

FLASH_BYTES = 4 * 1024 * 1024
BLOCK_BYTES = 4096
TABLE_OFFSET = 0x8000
TABLE_BYTES = 0xC00
_ENTRY_MAGIC = 0x50AA
_ENTRY_BYTES = 32
_MD5_MAGIC = b"\xeb\xeb" + b"\xff" * 14
APP, DATA = 0, 1


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


NVS = Partition("nvs", DATA, 0x02, 0x9000, 0x6000)
PHY = Partition("phy_init", DATA, 0x01, 0xF000, 0x1000)
FACTORY = Partition("factory", APP, 0x00, 0x10000, 0x1F0000)
VFS = Partition("vfs", DATA, 0x81, 0x200000, FLASH_BYTES - 0x200000)
TABLE = (NVS, PHY, FACTORY, VFS)
#: What belongs to the unit and its chip, and is never part of what many units get.
KEPT = (NVS, PHY)


def table_bytes(partitions: tuple[Partition, ...] = TABLE) -> bytes:
    """The table as it lies at TABLE_OFFSET: 32-byte entries, an MD5 entry, 0xFF to the end."""
    entries = b"".join(
        struct.pack("<HBBII16sI", _ENTRY_MAGIC, p.kind, p.subtype, p.offset, p.length, p.name.encode(), 0)
        for p in partitions
    )
    table = entries + _MD5_MAGIC + hashlib.md5(entries).digest()
    return table.ljust(TABLE_BYTES, b"\xff")


def parse_table(data: bytes, where: str, right: str = "") -> tuple[Partition, ...]:
    """The entries of a table that starts with `data`. Raises InputError when it is cut, damaged, or no table at all."""
    its = f"its partition table at 0x{TABLE_OFFSET:x}"
    magic = struct.pack("<H", _ENTRY_MAGIC)
    found: list[Partition] = []
    for at in range(0, TABLE_BYTES, _ENTRY_BYTES):
        entry = data[at : at + _ENTRY_BYTES]
        if found and entry[:16] == _MD5_MAGIC:
            if entry[16:] != hashlib.md5(data[:at]).digest():
                raise InputError(where, f"{its} is damaged: the MD5 is wrong", right)
            if data[at + _ENTRY_BYTES : TABLE_BYTES].strip(b"\xff"):
                raise InputError(where, f"{its} goes on behind its MD5", right)
            return tuple(found)
        if entry[:2] != magic or len(entry) < _ENTRY_BYTES:
            break
        _, kind, subtype, offset, length, name, _ = struct.unpack("<HBBII16sI", entry)
        found.append(Partition(name.rstrip(b"\0").decode("ascii", "replace"), kind, subtype, offset, length))
    raise InputError(where, f"{its} ends without its MD5" if found else f"{its} is missing", right)
