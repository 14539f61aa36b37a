"""A file that looks like MicroPython's download for an ESP32, for tests: crafted, and it holds no MicroPython.

Its headers, segments, checksums, digests, description and partition table are those of a real file, so everything that
checks a file takes it. What it calls program is random words from a seed, which compress about as well as real code does;
no chip would run it.
"""

from __future__ import annotations

import functools
import hashlib
import operator
import random
import struct

from davy.image.chips import CHIPS
from davy.image.espimage import (
    CHECKSUM_SEED,
    DESCRIPTION,
    DESCRIPTION_MAGIC,
    HEADER_BYTES,
    IMAGE_MAGIC,
    SEGMENT_BYTES,
)
from davy.image.partitions import FACTORY, NVS, PHY, TABLE_OFFSET, Partition, table_bytes

#: The port's own table: `vfs` is not in it, the port makes it at boot.
STOCK_TABLE = (NVS, PHY, FACTORY)
BOOTLOADER_BYTES = 0x4A00
#: Of a real build.
REAL_APP_BYTES = 1_650_000
_SPI_MODE_DIO, _SIZE_4MB_SPEED_40M = 2, 0x20
_PAGE_64K_LOG2 = 16
#: Where the chips have constants and code.
_ADDRESSES = {"esp32": (0x3F400020, 0x40080000), "esp32s3": (0x3C000020, 0x40374000)}


def craft(
    mcu: str = "esp32",
    version: str = "v1.29.0",
    app_bytes: int = 65_536,
    seed: int = 1,
    *,
    project: str = "micropython",
    table: tuple[Partition, ...] = STOCK_TABLE,
    chip_id: int | None = None,
    app_chip_id: int | None = None,
    hashed: bool = True,
) -> bytes:
    """The file, from the chip's boot loader offset on, with an application of `app_bytes` (to the next line of 16).

    The last five make a file that is whole and yet not the right one: another project, partition table, chip in the boot
    loader's or the application's header, an application without its SHA-256.
    """
    chip = CHIPS[mcu]
    boot_id = chip.image_id if chip_id is None else chip_id
    app_id = chip.image_id if app_chip_id is None else app_chip_id
    rng = random.Random(f"{mcu} {version} {seed}")
    overhead = HEADER_BYTES + 2 * SEGMENT_BYTES + 16 + (32 if hashed else 0)
    description = _description(project, version)
    code = _words(rng, app_bytes - overhead - len(description))
    half = len(code) // 8 * 4
    constants, program = _ADDRESSES[mcu]
    bootloader = _image(boot_id, [(program, _words(rng, BOOTLOADER_BYTES))], hashed=True)
    app = _image(app_id, [(constants, description + code[:half]), (program, code[half:])], hashed=hashed)
    file = bytearray(bootloader)
    for offset, data in ((TABLE_OFFSET, table_bytes(table)), (FACTORY.offset, app)):
        file += b"\xff" * (offset - chip.bootloader_offset - len(file)) + data
    return bytes(file)


def _description(project: str, version: str) -> bytes:
    said = DESCRIPTION.pack(
        DESCRIPTION_MAGIC, 0, version.encode(), project.encode(), b"12:00:00", b"Jan  1 2026", b"v5.5.1", bytes(32)
    )
    return said + struct.pack("<HHB75x", 0, 99, _PAGE_64K_LOG2)


def _image(chip_id: int, segments: list[tuple[int, bytes]], *, hashed: bool) -> bytes:
    image = bytearray(
        struct.pack("<BBBBI", IMAGE_MAGIC, len(segments), _SPI_MODE_DIO, _SIZE_4MB_SPEED_40M, segments[-1][0] + 4)
        + struct.pack("<B3xHBHH4xB", 0xEE, chip_id, 0, 0, 399, int(hashed))
    )
    checksum = CHECKSUM_SEED
    for address, data in segments:
        image += struct.pack("<II", address, len(data)) + data
        checksum = functools.reduce(operator.xor, data, checksum)
    image += bytes(15 - len(image) % 16) + bytes([checksum])
    return bytes(image + hashlib.sha256(image).digest() if hashed else image)


def _words(rng: random.Random, count: int) -> bytes:
    """About `count` bytes, whole words: a few frequent ones, many rare ones, and some that come once."""
    frequent = [rng.randbytes(4) for _ in range(64)]
    rare = [rng.randbytes(4) for _ in range(4096)]
    words = rng.choices((frequent, rare, None), weights=(45, 35, 20), k=max(count // 4, 1))
    return b"".join(rng.randbytes(4) if kind is None else rng.choice(kind) for kind in words)
