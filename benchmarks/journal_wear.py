"""What keeping events on littlefs costs the flash, and how long a call blocks: the journal beside three other ways.

A file system as a unit has it (its program lies in it), counted at the block device under the real VfsLfs2 of MicroPython.
One event is put and forgotten while 0, 3, 20 or 100 others wait. Bytes are a ratio to the event's own 63; milliseconds are the
counts times what the chip takes (45 ms an erase, 0.7 ms a page of 256 bytes, 75 us a read), not measured time.
"""

from __future__ import annotations

import ast
import sys
import tempfile
from pathlib import Path
from typing import Any

from davy.image.boardfile import load_board
from davy.image.build import build_image
from davy.image.settings import Settings
from davy.paths import FIRMWARE, ROOT

sys.path.insert(0, str(ROOT / "host" / "tests"))

from support import interpreters

PORTABLE = ROOT / "host" / "tests" / "portable"
WAYS = {
    "journal": "one file that grows",
    "file": "a file an event",
    "slot": "a file a slot",
    "segments": "files of 16 events",
}
EVENTS = 10_000
YEARS = 10
ERASES = 100_000
FREE_SECTORS = 300  # of the 512; a unit's program takes about 130


def measured(way: str, image: Path, waiting: int) -> dict[str, Any]:
    """One row, as journal_meter.measure gives it."""
    code = f"from journal_meter import measure\nprint(measure({way!r}, open({str(image)!r}, 'rb').read(), {waiting}, {EVENTS}))"
    row = ast.literal_eval(interpreters.run("unix", code, [FIRMWARE, PORTABLE]))
    assert isinstance(row, dict)
    return row


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "littlefs.bin"
        image.write_bytes(build_image(load_board("virtual"), Settings()).littlefs)
        print(
            "| way | waiting | programmed | erases | mean ms | longest call ms | of it erases, reads | worst put ms | worst forget ms |"
        )
        print("|---|---|---|---|---|---|---|---|---|")
        most_erased = 0.0
        for waiting in (0, 3, 20, 100):
            for way, words in WAYS.items():
                row = measured(way, image, waiting)
                erases, _, reads = row["worst"]
                print(
                    f"| {words} | {waiting} | x{row['programmed']:.1f} | {row['erased']:.2f} | {row['mean_us'] / 1000:.0f} "
                    f"| {row['worst_us'] / 1000:.0f} | {erases}, {reads} | {row['put_us'] / 1000:.0f} | {row['forget_us'] / 1000:.0f} |"
                )
                if way == "journal":
                    most_erased = max(most_erased, row["erased"])
    events_a_day = FREE_SECTORS * ERASES / most_erased / (YEARS * 365)
    print(
        f"{ERASES:,} erases of each of {FREE_SECTORS} free sectors last {YEARS} years at {events_a_day:,.0f} events a day"
    )


if __name__ == "__main__":
    main()
