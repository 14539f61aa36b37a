"""The SPI flash of a board, in a file, as its boot loader works on it: erase by sectors, program by clearing bits.

Every operation is in the file when the call returns. A hook hears each one before it happens and may take the power away.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from davy.image.partitions import BLOCK_BYTES, FLASH_BYTES

#: JEDEC id as the chip's register shows it: manufacturer 0xC8, type 0x40, 2**0x16 bytes.
JEDEC_ID = 0x1640C8
_PAGE_BYTES = 256


class PowerLost(Exception):
    """The power went away before this operation of the flash."""


class FlashChip:
    """`on_operation(kind, offset, length)` is called before each `erase` (of a sector) and `program` (of a page).

    It may raise PowerLost: then nothing of that operation has happened. A new file is all erased.
    """

    def __init__(self, path: Path, on_operation: Callable[[str, int, int], None] | None = None) -> None:
        self.path = path
        self.on_operation = on_operation
        if not path.exists():
            beside = path.with_name(path.name + ".new")
            beside.write_bytes(b"\xff" * FLASH_BYTES)
            os.replace(beside, path)

    def read(self, offset: int, length: int) -> bytes:
        """Bytes of the flash; beyond its end it repeats nothing and gives less."""
        with self.path.open("rb") as file:
            file.seek(offset)
            return file.read(max(0, min(length, FLASH_BYTES - offset)))

    def md5(self, offset: int, length: int) -> bytes:
        return hashlib.md5(self.read(offset, length)).digest()

    def erase(self, offset: int, length: int) -> None:
        """Every sector that the range touches. Raises ValueError outside of the flash."""
        self._check(offset, length)
        first = offset // BLOCK_BYTES
        last = (offset + length + BLOCK_BYTES - 1) // BLOCK_BYTES
        with self.path.open("r+b", buffering=0) as file:
            for sector in range(first, last):
                self._tell("erase", sector * BLOCK_BYTES, BLOCK_BYTES)
                file.seek(sector * BLOCK_BYTES)
                file.write(b"\xff" * BLOCK_BYTES)

    def program(self, offset: int, data: bytes) -> None:
        """Clear bits, page by page: what is not erased before keeps its zeros. Raises ValueError outside of the flash."""
        self._check(offset, len(data))
        with self.path.open("r+b", buffering=0) as file:
            at = 0
            while at < len(data):
                count = min(_PAGE_BYTES - (offset + at) % _PAGE_BYTES, len(data) - at)
                self._tell("program", offset + at, count)
                file.seek(offset + at)
                old = file.read(count)
                file.seek(offset + at)
                new = int.from_bytes(old, "big") & int.from_bytes(data[at : at + count], "big")
                file.write(new.to_bytes(count, "big"))
                at += count

    def _tell(self, kind: str, offset: int, length: int) -> None:
        if self.on_operation is not None:
            self.on_operation(kind, offset, length)

    def _check(self, offset: int, length: int) -> None:
        if offset < 0 or offset + length > FLASH_BYTES:
            raise ValueError(f"flash has {FLASH_BYTES:#x} bytes, not {offset + length:#x}")
