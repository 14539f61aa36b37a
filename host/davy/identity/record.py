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
