"""The MicroPython file that the user gives: the right one is taken apart, every other is refused with what is right."""

from __future__ import annotations

import random
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from davy.errors import InputError
from davy.image.micropython import check_micropython, read_micropython
from davy.image.partitions import DATA, FACTORY, FLASH_BYTES, NVS, PHY, VFS, Partition
from davy.image.parts import trimmed
from support.micropython_image import BOOTLOADER_BYTES, STOCK_TABLE, craft

BOOT_AT = 0x1000
GOOD = craft()
OTA_TABLE = (
    NVS,
    Partition("otadata", DATA, 0x00, 0xF000, 0x1000),
    Partition("ota_0", 0, 0x10, 0x10000, 0x180000),
    Partition("ota_1", 0, 0x11, 0x190000, 0x180000),
)
RIGHT = "a whole ESP32_GENERIC file (.bin) of version 1.29, from the download page of MicroPython"


def put(address: int, data: bytes, file: bytes = GOOD) -> bytes:
    """The file with other bytes at an address of the flash."""
    at = address - BOOT_AT
    return file[:at] + data + file[at + len(data) :]


def flip(address: int) -> bytes:
    return put(address, bytes([GOOD[address - BOOT_AT] ^ 1]))


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "is empty"),
    "a web page": (lambda: b"\n<!DOCTYPE html>\n<html>", "is a web page and no firmware"),
    "an archive": (lambda: b"PK\3\4" + GOOD, "is an archive; unpack it"),
    "a UF2 file": (lambda: b"UF2\n" + GOOD, "is a UF2 file"),
    "something": (lambda: b"#!/bin/sh\n", r"is no firmware: it does not start with an image header \(0xE9\)"),
    "a whole flash": (lambda: GOOD.ljust(FLASH_BYTES + 1, b"\xff"), "is larger than the whole flash of 4,194,304 bytes"),
    "an application": (lambda: GOOD[FACTORY.offset - BOOT_AT :], r"holds an application alone \(\.app-bin\)"),
    "for the S3": (lambda: craft("esp32s3"), "is for the ESP32-S3, and the board has an ESP32"),
    "for the C3": (lambda: craft(chip_id=5), "is for the ESP32-C3, and the board has an ESP32"),
    "for a chip unknown": (lambda: craft(chip_id=99), "is for the chip 99, and the board has an ESP32"),
    "its application for the S3": (lambda: craft(app_chip_id=9), "is for the ESP32-S3, and the board has an ESP32"),
    "cut in the boot loader": (lambda: GOOD[:5000], "is cut short: its boot loader goes on for another [0-9,]+ bytes"),
    "cut before the table": (lambda: GOOD[:0x7000], "is cut short: it ends before its partition table does"),
    "cut in the table": (lambda: GOOD[:0x7080], "is cut short: it ends before its partition table does"),
    "cut before the application": (lambda: GOOD[:0xF000], r"its application is missing \(no image header\)"),
    "cut in the application": (lambda: GOOD[:-20_000], "is cut short: its application goes on for another [0-9,]+ bytes"),
    "cut by a byte": (lambda: GOOD[:-1], "is cut short: its application goes on for another 1 bytes"),
    "a bit in the boot loader": (lambda: flip(BOOT_AT + BOOTLOADER_BYTES // 2), "its boot loader is damaged"),
    "a bit in the table": (lambda: flip(0x8006), "its partition table at 0x8000 is damaged: the MD5 is wrong"),
    "a bit in the application": (lambda: flip(0x10000 + 40_000), "its application is damaged: the checksum is wrong"),
    "a bit in its version": (lambda: flip(0x10000 + 0x33), "its application is damaged"),
    "a bit in its entry": (lambda: flip(0x10004), "its application is damaged: the SHA-256 is wrong"),
    "a bit in its SHA-256": (lambda: GOOD[:-1] + bytes([GOOD[-1] ^ 1]), "its application is damaged: the SHA-256 is wrong"),
    "no segments": (lambda: put(0x10001, b"\0"), "its application is damaged: 0 segments"),
    "a segment too long": (lambda: put(0x1001C, struct.pack("<I", 2**31)), "its application does not fit into the 2,031,616"),
    "no table": (lambda: put(0x8000, b"\xff" * 0xC00), "its partition table at 0x8000 is missing"),
    "a table without its MD5": (lambda: put(0x8060, b"\xff" * 32), "its partition table at 0x8000 ends without its MD5"),
    "a table that goes on": (lambda: put(0x8100, b"\0"), "its partition table at 0x8000 goes on behind its MD5"),
    "another NVS": (lambda: craft(table=(replace(NVS, length=0x5000), PHY, FACTORY)), "its partition table has no NVS at 0x9000, 0x6000 bytes"),
    "no NVS": (lambda: craft(table=(PHY, FACTORY)), "its partition table has no NVS at 0x9000"),
    "with OTA": (lambda: craft(table=OTA_TABLE), "its partition table puts the file system at 0x310000, and davy's is at 0x200000; .* without OTA"),
    "no place for an application": (
        lambda: craft(table=(NVS, PHY, replace(FACTORY, kind=DATA))),
        "its partition table has no place for an application",
    ),
    "the application over NVS": (
        lambda: craft(table=(NVS, replace(FACTORY, offset=0x9000, length=VFS.offset - 0x9000))),
        "its partition table puts the application at 0x9000",
    ),
    "no SHA-256": (lambda: craft(hashed=False), "its application carries no SHA-256"),
    "another program": (lambda: craft(project="blink"), "holds 'blink' and not MicroPython"),
    "no description": (lambda: craft(project=""), "holds '' and not MicroPython"),
    "an older version": (lambda: craft(version="v1.24.1"), r"holds MicroPython v1\.24\.1"),
    "a much newer one": (lambda: craft(version="v1.290.0"), r"holds MicroPython v1\.290\.0"),
    "the next one": (lambda: craft(version="v1.30.0-preview.7"), r"holds MicroPython v1\.30\.0-preview\.7"),
    "a version in two lines": (lambda: craft(version="v1\n2"), r"holds MicroPython v1\?2"),
    "something in NVS": (lambda: put(0x9800, b"\0"), "holds data at 0x9800, in NVS, which belongs to the unit"),
    "something in the phy area": (lambda: put(0xF010, b"\0"), "holds data at 0xf010 that is of no part of MicroPython"),
    "something behind": (lambda: GOOD + b"\xff\xff\0", "holds data at 0x20002 that is of no part of MicroPython"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_not_the_right_one_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    make, said = BAD[name]
    path = tmp_path / "download.bin"
    path.write_bytes(make())
    with pytest.raises(InputError) as refused:
        read_micropython(path, "esp32")
    assert re.match(f"{re.escape(str(path))}: {said}", str(refused.value)), refused.value
    assert RIGHT in refused.value.hint
    assert "\n" not in str(refused.value)


def test_no_flipped_bit_anywhere_gets_through(tmp_path: Path) -> None:
    rng = random.Random(5)
    path = tmp_path / "download.bin"
    for at in (*rng.sample(range(len(GOOD)), 150), *range(24), *range(0x7000, 0x7090), *range(0xF000, 0xF0D0)):
        path.write_bytes(put(BOOT_AT + at, bytes([GOOD[at] ^ 1 << rng.randrange(8)])))
        with pytest.raises(InputError, match=re.escape(str(path))):
            read_micropython(path, "esp32")
            pytest.fail(f"taken with a bit flipped at 0x{BOOT_AT + at:x}")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "no.bin"):
        with pytest.raises(InputError, match=f"{path}: cannot be read: .*; {re.escape(RIGHT)}"):
            read_micropython(path, "esp32")


@pytest.mark.parametrize("mcu", ["esp32", "esp32s3"])
def test_the_right_file_is_taken_apart_without_what_is_erased(tmp_path: Path, mcu: str) -> None:
    data = craft(mcu, "v1.29.0", seed=3) + b"\xff" * 100
    path = tmp_path / "download.bin"
    path.write_bytes(data)
    found, parts = read_micropython(path, mcu)
    assert (found.mcu, found.version, found.idf_version) == (mcu, "v1.29.0", "v5.5.1")
    start = {"esp32": 0x1000, "esp32s3": 0}[mcu]
    assert [(part.name, part.offset) for part in parts] == [
        ("bootloader", start), ("partition-table", 0x8000), ("micropython", 0x10000),
    ]  # fmt: skip
    flash = bytearray(b"\xff" * len(data))
    for part in parts:
        at = part.offset - start
        flash[at : at + part.size] = part.data
        assert part.size % 4 == 0 and part.data[-4:] != b"\xff" * 4
    assert flash == data


def test_a_block_that_ends_a_part_is_erased_though_it_is_blank() -> None:
    assert trimmed(b"a" * 5 + b"\xff" * 90) == b"a" * 5 + b"\xff" * 3
    assert trimmed(b"a" * 4096 + b"\xff" * 90) == b"a" * 4096 + b"\xff" * 4
    assert trimmed(b"a" * 4096) == b"a" * 4096


@pytest.mark.parametrize("version", ["v1.29.0", "1.29.1", "v1.29.0-preview.12.gabcdef"])
def test_every_build_of_the_version_is_taken(version: str) -> None:
    assert check_micropython(craft(version=version), BOOT_AT, "esp32", "f").version == version


def test_the_content_of_a_chip_is_judged_alike_whatever_its_nvs_holds() -> None:
    flash = bytearray(b"\xff" * FLASH_BYTES)
    flash[BOOT_AT : BOOT_AT + len(GOOD)] = GOOD
    flash[NVS.offset : NVS.end] = b"\x5a" * NVS.length
    flash[VFS.offset : VFS.offset + 4] = b"file"
    found = check_micropython(bytes(flash), 0, "esp32", "flash")
    assert found == check_micropython(GOOD, BOOT_AT, "esp32", "file")
    flash[0x10000 + 40_000] ^= 1
    with pytest.raises(InputError, match="flash: its application is damaged"):
        check_micropython(bytes(flash), 0, "esp32", "flash")
    with pytest.raises(InputError, match=r"flash: its boot loader is missing \(no image header\)"):
        check_micropython(b"\xff" * FLASH_BYTES, 0, "esp32", "flash")


def test_a_table_that_names_the_file_system_is_taken_too() -> None:
    assert check_micropython(craft(table=(*STOCK_TABLE, VFS)), BOOT_AT, "esp32", "f").version == "v1.29.0"


def test_the_same_seed_crafts_the_same_file_and_another_another() -> None:
    assert craft() == GOOD
    assert craft(seed=2) != GOOD
    assert abs(len(craft(app_bytes=300_000)) + BOOT_AT - FACTORY.offset - 300_000) < 16


@pytest.mark.skipif(shutil.which("esptool", path=str(Path(sys.executable).parent)) is None, reason="esptool is missing")
@pytest.mark.parametrize("mcu", ["esp32", "esp32s3"])
def test_esptool_finds_the_crafted_images_whole(tmp_path: Path, mcu: str) -> None:
    data = craft(mcu)
    start = {"esp32": 0x1000, "esp32s3": 0}[mcu]
    for name, image in (("boot", data[: 0x8000 - start].rstrip(b"\xff")), ("app", data[0x10000 - start :])):
        path = tmp_path / f"{name}.bin"
        path.write_bytes(image)
        command = [sys.executable, "-m", "esptool", "image-info", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert (
            re.search(r"Checksum: 0x[0-9a-f]+ \(valid\)", done.stdout) and "(valid)\n" in done.stdout.split("hash:")[1]
        )
        assert f"Detected image type: {'ESP32-S3' if mcu == 'esp32s3' else 'ESP32'}\n" in done.stdout
    assert "Project name: micropython" in done.stdout and "App version: v1.29.0" in done.stdout
