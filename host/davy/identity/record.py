"""A unit's NVS partition, made by ESP-IDF's own generator: namespace `unit`, each blob with its CRC-32 behind it.

firmware/drivers/unit_store.py reads it. The chip has no flash encryption here: who can read the flash can read the key.
"""

from __future__ import annotations

import datetime
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

from davy.image.partitions import NVS

NAMESPACE = "unit"
#: Where the firmware counts its boots (firmware/drivers/store.py).
STATE_NAMESPACE, SESSION_KEY = "davy", "session"
#: Of one blob without its CRC; the firmware's buffer.
MOST_BLOB_BYTES = 1500


def first_session(made: datetime.datetime) -> int:
    """What a unit counts its boots on from: above every session of an earlier making, so that no event's name comes again.

    Sixteen boots a minute between two makings have room, up to the year 2097.
    """
    return int(made.timestamp()) // 60 * 16


def nvs_partition(blobs: dict[str, bytes], session: int) -> bytes:
    """The partition's 24 KiB. Raises ValueError for a blob that the firmware could not read.

    `session`: of the boot before the first one. The generator takes files, so for a moment the key is in a folder that nobody else may enter.
    """
    rows = ["key,type,encoding,value", f"{NAMESPACE},namespace,,"]
    with tempfile.TemporaryDirectory(prefix="davy-unit-") as name:
        folder = Path(name)
        for key, data in blobs.items():
            if len(data) > MOST_BLOB_BYTES:
                raise ValueError(f"blob {key} has {len(data)} bytes, at most {MOST_BLOB_BYTES}")
            (folder / key).write_bytes(data + zlib.crc32(data).to_bytes(4, "little"))
            rows.append(f"{key},file,binary,{folder / key}")
        rows += [f"{STATE_NAMESPACE},namespace,,", f"{SESSION_KEY},data,i32,{session}"]
        table, made = folder / "table.csv", folder / "partition.bin"
        table.write_text("\n".join(rows) + "\n")
        command = [sys.executable, "-m", "esp_idf_nvs_partition_gen", "generate"]
        done = subprocess.run(
            [*command, str(table), str(made), hex(NVS.length)], capture_output=True, text=True, check=False, cwd=folder
        )
        if done.returncode != 0 or not made.exists():
            raise RuntimeError(f"esp_idf_nvs_partition_gen exited {done.returncode}: {done.stderr or done.stdout}")
        return made.read_bytes()


_ENTRY_BYTES, _PAGE_BYTES, _ENTRIES_AT = 32, 4096, 64
_I32, _NAMESPACE_INDEX = 0x14, 0


def with_session(nvs: bytes, session: int) -> bytes:
    """A unit's partition, as `nvs_partition` made it, with another number to count its boots on from.

    For whoever writes it a second time: sessions that have been would come again, and a monitor refuses what they name.
    Raises ValueError when the partition has no such number.
    """
    key = SESSION_KEY.encode().ljust(16, b"\0")
    for page in range(0, len(nvs), _PAGE_BYTES):
        for at in range(page + _ENTRIES_AT, page + _PAGE_BYTES, _ENTRY_BYTES):
            entry = bytearray(nvs[at : at + _ENTRY_BYTES])
            if entry[0] == _NAMESPACE_INDEX or entry[1] != _I32 or entry[8:24] != key:
                continue
            entry[24:28] = session.to_bytes(4, "little", signed=True)
            entry[4:8] = zlib.crc32(bytes(entry[:4] + entry[8:]), 0xFFFFFFFF).to_bytes(4, "little")
            return nvs[:at] + bytes(entry) + nvs[at + _ENTRY_BYTES :]
    raise ValueError("the partition does not count its boots")
