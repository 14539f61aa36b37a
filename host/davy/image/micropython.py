"""MicroPython as its download page gives it: checked to the last byte, and taken apart.

The file is the user's own. davy brings none, and takes only what its bytecode was compiled for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from davy.errors import InputError
from davy.image.chips import CHIPS, Chip
from davy.image.espimage import chip_name, chip_of, describes, read_description, read_image
from davy.image.partitions import (
    APP,
    DATA,
    FLASH_BYTES,
    NVS,
    PHY,
    TABLE_BYTES,
    TABLE_OFFSET,
    VFS,
    Partition,
    parse_table,
)
from davy.image.parts import MICROPYTHON, Part, new_part, trimmed

#: The bytecode of mpy-cross 1.29 is for this MicroPython.
VERSION = "1.29"
PROJECT = "micropython"
_NVS_SUBTYPE = 0x02
_ERASED = b"\xff"


@dataclass(frozen=True)
class Region:
    """A stretch of the flash that MicroPython fills: offset and length in bytes."""

    name: str
    offset: int
    length: int

    @property
    def end(self) -> int:
        return self.offset + self.length


@dataclass(frozen=True)
class MicroPythonFile:
    """What was found: the chip, the versions of MicroPython and of ESP-IDF, and the regions in the order of the flash."""

    mcu: str
    version: str
    idf_version: str
    regions: tuple[Region, ...]


def download_hint(mcu: str) -> str:
    """Where the right file comes from."""
    return f"a whole {CHIPS[mcu].download} file (.bin) of version {VERSION}, from the download page of MicroPython"


def check_micropython(data: bytes, offset: int, mcu: str, where: str) -> MicroPythonFile:
    """`data` lies in the flash from `offset` on: a file as it was downloaded, or the content of a chip (offset 0).

    Boot loader, partition table and application must be there, whole, and for this chip; the table must leave the unit
    its NVS, and the file system its place. Raises InputError, which names `where`.
    """
    chip, right = CHIPS[mcu], download_hint(mcu)
    boot_at, table_at = chip.bootloader_offset - offset, TABLE_OFFSET - offset
    _check_chip(chip_of(data, boot_at), chip, where, right)
    boot = read_image(data, boot_at, TABLE_OFFSET - chip.bootloader_offset, "boot loader", where, right)
    if len(data) < table_at + TABLE_BYTES:
        raise InputError(where, "is cut short: it ends before its partition table does", right)
    application = _application_partition(
        parse_table(data[table_at : table_at + TABLE_BYTES], where, right), where, right
    )
    app_at = application.offset - offset
    app = read_image(data, app_at, application.length, "application", where, right)
    _check_chip(app.chip_id, chip, where, right)
    if not app.hashed:
        raise InputError(where, "its application carries no SHA-256", right)
    said = read_description(data, app_at)
    if said is None or said.project != PROJECT:
        found = f"{said.project!r}" if said is not None else "a program without a description"
        raise InputError(where, f"holds {found} and not MicroPython", right)
    if re.match(rf"v?{re.escape(VERSION)}(?!\d)", said.version) is None:
        raise InputError(where, f"holds MicroPython {said.version}", right)
    regions = (
        Region("bootloader", chip.bootloader_offset, boot.length),
        Region("partition-table", TABLE_OFFSET, TABLE_BYTES),
        Region("micropython", application.offset, app.length),
    )
    return MicroPythonFile(mcu, said.version, said.idf_version, regions)


def read_micropython(path: Path, mcu: str) -> tuple[MicroPythonFile, tuple[Part, ...]]:
    """The file, and its parts without anything that is erased. Raises InputError, which names the file."""
    chip, where, right = CHIPS[mcu], str(path), download_hint(mcu)
    try:
        with path.open("rb") as file:
            data = file.read(FLASH_BYTES + 1)
    except OSError as error:
        raise InputError(where, f"cannot be read: {error.strerror}", right) from error
    _recognise(data, where, right)
    offset = chip.bootloader_offset
    found = check_micropython(data, offset, mcu, where)
    _check_rest(data, offset, found.regions, where, right)
    return found, tuple(
        new_part(region.name, MICROPYTHON, region.offset, trimmed(data[region.offset - offset : region.end - offset]))
        for region in found.regions
    )


def _check_chip(chip_id: int | None, chip: Chip, where: str, right: str) -> None:
    if chip_id is not None and chip_id != chip.image_id:
        raise InputError(where, f"is for the {chip_name(chip_id)}, and the board has an {chip.name}", right)


def _application_partition(table: tuple[Partition, ...], where: str, right: str) -> Partition:
    nvs = next((each for each in table if (each.kind, each.subtype) == (DATA, _NVS_SUBTYPE)), None)
    if nvs is None or (nvs.offset, nvs.length) != (NVS.offset, NVS.length):
        raise InputError(where, f"its partition table has no NVS at 0x{NVS.offset:x}, 0x{NVS.length:x} bytes", right)
    # The port makes `vfs` of what the last partition leaves; older tables name it.
    vfs = next((each.offset for each in table if each.name == VFS.name), None)
    if vfs is None:
        vfs = max(each.end for each in table)
    if vfs != VFS.offset:
        problem = f"its partition table puts the file system at 0x{vfs:x}, and davy's is at 0x{VFS.offset:x}"
        raise InputError(where, problem, f"{right}, without OTA")
    application = next((each for each in table if each.kind == APP), None)
    if application is None:
        raise InputError(where, "its partition table has no place for an application", right)
    if application.offset < PHY.end or application.end > VFS.offset:
        raise InputError(where, f"its partition table puts the application at 0x{application.offset:x}", right)
    return application


def _recognise(data: bytes, where: str, right: str) -> None:
    """Names what people give by mistake."""
    start = data[:512].lstrip().lower()
    if not data:
        raise InputError(where, "is empty", right)
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise InputError(where, "is a web page and no firmware", f"save the file behind the link: {right}")
    if data.startswith(b"UF2\n"):
        raise InputError(where, "is a UF2 file", right)
    if data.startswith((b"PK\3\4", b"\x1f\x8b")):
        raise InputError(where, "is an archive", f"unpack it: {right}")
    if len(data) > FLASH_BYTES:
        raise InputError(where, f"is larger than the whole flash of {FLASH_BYTES:,} bytes", right)
    if describes(data, 0):
        raise InputError(where, "holds an application alone (.app-bin), without boot loader and partition table", right)
    if chip_of(data, 0) is None:
        raise InputError(where, "is no firmware: it does not start with an image header (0xE9)", right)


def _check_rest(data: bytes, offset: int, regions: tuple[Region, ...], where: str, right: str) -> None:
    """Nothing but erased flash between the regions and after them: what is not understood is not left out silently."""
    after = offset
    for start, end in (*((region.offset, region.end) for region in regions), (offset + len(data), 0)):
        gap = data[after - offset : start - offset]
        if gap.strip(_ERASED):
            at = after + len(gap) - len(gap.lstrip(_ERASED))
            if NVS.offset <= at < NVS.end:
                raise InputError(where, f"holds data at 0x{at:x}, in NVS, which belongs to the unit", right)
            raise InputError(where, f"holds data at 0x{at:x} that is of no part of MicroPython", right)
        after = end
