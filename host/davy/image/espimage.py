"""A program as Espressif's boot loaders take it: header, segments, checksum, SHA-256. And the application's description.

Source: ESP-IDF, `esp_image_format.h` and `esp_app_desc.h`, as esptool writes them.
"""

from __future__ import annotations

import functools
import hashlib
import operator
import struct
from dataclasses import dataclass

from davy.errors import InputError

IMAGE_MAGIC = 0xE9
HEADER_BYTES = 24
SEGMENT_BYTES = 8
MOST_SEGMENTS = 16
CHECKSUM_SEED = 0xEF
DIGEST_BYTES = 32
#: The description is the first thing in the first segment.
DESCRIPTION_OFFSET = HEADER_BYTES + SEGMENT_BYTES
DESCRIPTION_MAGIC = 0xABCD5432
DESCRIPTION = struct.Struct("<II8x32s32s16s16s32s32s")
_CHIP_AT, _HASHED_AT = 12, 23
_CHECKSUM_ALIGN = 16
#: Chip ids of images, with the names that people know.
CHIP_NAMES = {
    0: "ESP32", 2: "ESP32-S2", 5: "ESP32-C3", 9: "ESP32-S3", 12: "ESP32-C2", 13: "ESP32-C6", 16: "ESP32-H2",
    18: "ESP32-P4", 20: "ESP32-C61", 23: "ESP32-C5",
}  # fmt: skip


@dataclass(frozen=True)
class EspImage:
    """A whole image: `length` in bytes with checksum and digest; `hashed` when it carries its SHA-256, which is right."""

    chip_id: int
    length: int
    hashed: bool


@dataclass(frozen=True)
class Description:
    """What an application says of itself."""

    project: str
    version: str
    idf_version: str


def chip_of(data: bytes, start: int) -> int | None:
    """The chip id of the image at `start`; None when there is no image."""
    if data[start : start + 1] != bytes([IMAGE_MAGIC]) or len(data) < start + HEADER_BYTES:
        return None
    return int(struct.unpack_from("<H", data, start + _CHIP_AT)[0])


def chip_name(chip_id: int) -> str:
    """`ESP32-S3`, or the number of a chip that has no name here."""
    return CHIP_NAMES.get(chip_id, f"chip {chip_id}")


def read_image(data: bytes, start: int, limit: int, name: str, where: str, right: str) -> EspImage:
    """The image at `start`, of at most `limit` bytes, checked to its last byte.

    `name` is what it is called in an InputError, which is raised when it is missing, cut, too long, or damaged.
    """
    chip_id = chip_of(data, start)
    if chip_id is None:
        raise InputError(where, f"its {name} is missing (no image header)", right)
    segments = data[start + 1]
    if not 1 <= segments <= MOST_SEGMENTS:
        raise InputError(where, f"its {name} is damaged: {segments} segments", right)
    at = start + HEADER_BYTES
    checksum = CHECKSUM_SEED
    for _ in range(segments):
        _need(data, start, at + SEGMENT_BYTES, limit, name, where, right)
        begin = at + SEGMENT_BYTES
        at = begin + struct.unpack_from("<I", data, at + 4)[0]
        _need(data, start, at, limit, name, where, right)
        checksum = functools.reduce(operator.xor, data[begin:at], checksum)
    # Padded so that the checksum is the last byte of a line of 16.
    end = start + (at - start) // _CHECKSUM_ALIGN * _CHECKSUM_ALIGN + _CHECKSUM_ALIGN
    hashed = data[start + _HASHED_AT] == 1
    _need(data, start, end + hashed * DIGEST_BYTES, limit, name, where, right)
    if data[end - 1] != checksum:
        raise InputError(where, f"its {name} is damaged: the checksum is wrong", right)
    if hashed and hashlib.sha256(data[start:end]).digest() != data[end : end + DIGEST_BYTES]:
        raise InputError(where, f"its {name} is damaged: the SHA-256 is wrong", right)
    return EspImage(chip_id, end + hashed * DIGEST_BYTES - start, hashed)


def describes(data: bytes, start: int) -> bool:
    """Whether an application, with its description, starts here."""
    at = start + DESCRIPTION_OFFSET
    return chip_of(data, start) is not None and data[at : at + 4] == struct.pack("<I", DESCRIPTION_MAGIC)


def read_description(data: bytes, start: int) -> Description | None:
    """What the application at `start` says of itself; None when it says nothing."""
    if not describes(data, start) or len(data) < start + DESCRIPTION_OFFSET + DESCRIPTION.size:
        return None
    _, _, version, project, _, _, idf_version, _ = DESCRIPTION.unpack_from(data, start + DESCRIPTION_OFFSET)
    return Description(_text(project), _text(version), _text(idf_version))


def _need(data: bytes, start: int, end: int, limit: int, name: str, where: str, right: str) -> None:
    if end - start > limit:
        raise InputError(where, f"its {name} does not fit into the {limit:,} bytes that it has", right)
    if end > len(data):
        raise InputError(
            where, f"is cut short: its {name} goes on for another {end - len(data):,} bytes or more", right
        )


def _text(field: bytes) -> str:
    # What is no printable ASCII would spoil the one line of an error.
    return "".join(chr(byte) if 32 <= byte < 127 else "?" for byte in field.split(b"\0")[0])
