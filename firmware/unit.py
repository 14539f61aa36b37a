# The unit's own record: who it is, where it reports, what its sensors measure by. It is put into the non-volatile store when
# the unit is made; a copy in the file system stands in for it when the chip has lost it, and the other way round.
import binascii
import hashlib
import json
import os
from collections import namedtuple

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# In the order in which they are written: while settings are missing, the record is not whole. A unit that nobody has
# calibrated has no calibration.
KEYS = ("calibration", "cert", "key", "ca", "secret", "settings")
COPY = "unit.bin"
_OPTIONAL = "calibration"
_BESIDE = "/unit.new"
_MAGIC = b"unit1"
_CRC_BYTES = 4
_FINGERPRINT_BYTES = 8
_NO_FINGERPRINT = bytes(_FINGERPRINT_BYTES)
# Of a unit without settings: nobody, but its state is still told on the wired line.
_NOBODY = {"serial_state_ms": 1000}

# settings, calibration: as in the JSON files; secret: 32 bytes, b"" without one; certificate: the first eight bytes of its
# SHA-256, zeros without one; copy_crc: CRC-32 of the copy, None without a record; wrong: there was one, and it is lost.
Unit = namedtuple("Unit", ("settings", "calibration", "secret", "certificate", "copy_crc", "wrong"))
LOST = Unit(_NOBODY, {}, b"", _NO_FINGERPRINT, None, True)


def packed(blobs: dict) -> bytes:
    # The copy: a mark, the length of each blob (0 = not there), the blobs in the order of KEYS, a CRC-32 over all.
    parts = [_MAGIC]
    for key in KEYS:
        parts.append(len(blobs.get(key, b"")).to_bytes(2, "big"))
    for key in KEYS:
        parts.append(blobs.get(key, b""))
    body = b"".join(parts)
    return body + _crc(body)


def unpacked(data: bytes) -> dict:
    # {key: data} of a copy, {} when it is none.
    at = len(_MAGIC) + 2 * len(KEYS)
    end = len(data) - _CRC_BYTES
    if end < at or data[: len(_MAGIC)] != _MAGIC:
        return {}
    if _crc(data[:end]) != data[end:]:
        return {}
    blobs = {}
    for number, key in enumerate(KEYS):
        length_at = len(_MAGIC) + 2 * number
        length = int.from_bytes(data[length_at : length_at + 2], "big")
        if length:
            blobs[key] = data[at : at + length]
        at += length
    return blobs if at == end and whole(blobs) else {}


def whole(blobs: dict) -> bool:
    # Whether nothing that every unit has is missing.
    return not [key for key in KEYS if key not in blobs and key != _OPTIONAL]


def better(stored: dict, copy: dict) -> dict:
    # The record to live by, {} when there is none: what is in the store, unless that is not whole.
    if not whole(stored):
        return copy
    if _OPTIONAL in stored or _OPTIONAL not in copy or copy["key"] != stored["key"]:
        return stored
    mended = stored.copy()  # of the same making, so the store has lost its calibration
    mended[_OPTIONAL] = copy[_OPTIONAL]
    return mended


def load(store: "Any", read_json: "Any") -> Unit:
    # store: a UnitStore; read_json: reads a file for a board that was never given a record. What fails is told on the
    # console, and is no exception.
    stored, damaged = store.read()
    data = read_copy()
    blobs = better(stored, unpacked(data))
    if not blobs:
        if stored or damaged or data:
            print("davy: the unit's record is lost, in the store and in /%s: provision it again" % COPY)
            return LOST
        settings, calibration = read_json("/settings.json"), read_json("/calibration.json")
        return Unit(settings or _NOBODY, calibration, b"", _NO_FINGERPRINT, None, False)
    if damaged or blobs != stored:
        _restore(store, blobs)
    content = packed(blobs)
    if content != data:
        write_copy(content)
    settings, calibration = _parsed(blobs, "settings"), _parsed(blobs, _OPTIONAL)
    crc = binascii.crc32(content) & 0xFFFFFFFF
    certificate = hashlib.sha256(blobs["cert"]).digest()[:_FINGERPRINT_BYTES]
    return Unit(settings or _NOBODY, calibration, blobs["secret"], certificate, crc, not settings)


def _crc(data: bytes) -> bytes:
    crc: int = binascii.crc32(data)
    return (crc & 0xFFFFFFFF).to_bytes(_CRC_BYTES, "big")


def _parsed(blobs: dict, key: str) -> dict:
    try:
        found = json.loads(blobs.get(key, b"{}"))
    except ValueError:  # its words are not told: they might hold a key
        print("davy: the unit's %s cannot be used: provision it again" % key)
        return {}
    return found if isinstance(found, dict) else {}


def read_copy() -> bytes:
    # b"" without one.
    try:
        with open("/" + COPY, "rb") as file:
            content: bytes = file.read()
            return content
    except OSError:
        return b""


def write_copy(content: bytes) -> None:
    # Beside, then renamed. A failure is told, and is no exception.
    try:
        with open(_BESIDE, "wb") as file:
            file.write(content)
        os.rename(_BESIDE, "/" + COPY)
    except OSError as error:
        print("davy: no copy of the unit's record: %r" % error)


def _restore(store: "Any", blobs: dict) -> None:
    print("davy: the unit's record was not whole in the store and is written there again")
    try:
        store.write(blobs)
    except OSError as error:
        print("davy: it cannot be written: %r" % error)
