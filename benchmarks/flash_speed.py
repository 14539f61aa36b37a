"""Putting a program on a board: davy flash beside mpremote cp -r of the same files, on one virtual board whose wire is slow.

Three cases: an update of a board that runs davy, of which one module or every module differs, and an empty file system.
mpremote speaks to the prompt at 115200, MicroPython's own rate there, and leaves out files that are there already. The wire's
limit is what the compressed bytes take at ten bits a byte. The flash itself takes no time here: on a chip both would be slower.
MicroPython's file is a crafted one with the right headers: it holds no MicroPython.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from davy.flash import lines
from davy.image.boardfile import load_board
from davy.image.build import build_program
from davy.image.partitions import VFS
from davy.image.release import application_parts, build_release, write_release
from davy.paths import FIRMWARE, ROOT

sys.path.insert(0, str(ROOT / "host" / "tests"))

from support.desks import Ports, board_process
from support.micropython_image import craft

BOARD = "devkit_ze07"
BITS_PER_BYTE = 10
RATES = (115_200, 460_800)


def flash(ports: Ports, release: Path, baud: int) -> tuple[float, dict[str, Any]]:
    """(seconds of the whole command, its record)."""
    words = ["--port", ports.pty, "--lines", ports.rfc2217, "--baud", str(baud), "--image", str(release)]
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "davy", "flash", *words, "--no-self-test", "--events"], capture_output=True, text=True
    )
    took_s = time.perf_counter() - began
    last = json.loads(done.stdout.splitlines()[-1])
    if done.returncode:
        raise SystemExit(f"davy flash ended with {done.returncode}: {last['text']}")
    return took_s, last["record"]


def copy(ports: Ports, tree: Path) -> float:
    """Seconds that mpremote takes for the same files."""
    lines.into_program(ports.rfc2217)
    time.sleep(2)  # a person waits for the prompt as well
    words = [sys.executable, "-m", "mpremote", "connect", ports.pty, "cp", "-r", *sorted(map(str, tree.iterdir())), ":"]
    began = time.perf_counter()
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"mpremote ended with {done.returncode}: {done.stdout[-500:]}{done.stderr[-500:]}")
    return time.perf_counter() - began


def older_flash(folder: Path, differs: str) -> bytes:
    """A chip that runs davy, flashed as any unit, with the modules that the pattern names as they were before."""
    own = folder / differs.replace("*", "all").replace("/", "-")
    tree = own / "firmware"
    shutil.copytree(FIRMWARE, tree, ignore=shutil.ignore_patterns("__pycache__"))
    for path in tree.rglob(differs):
        with path.open("a") as file:
            file.write("\nOLDER = 1\n")
    spec = load_board(BOARD)
    older = build_program(spec, tree)
    whole = build_release(spec, folder / "mp.bin")
    kept = tuple(part for part in whole.parts if part.kind == "micropython")
    parts = (*kept, *application_parts(older.littlefs))
    write_release(replace(whole, image_sha256=older.sha256, parts=parts), own / "release")
    chip = own / "flash.bin"
    with board_process(chip) as (ports,):
        flash(ports, own / "release", 921_600)
    return chip.read_bytes()


def compare(what: str, prepared: bytes, folder: Path, with_copy: bool) -> bool:
    """Print the case; True when davy flash is ten times as fast at every rate."""
    chip = folder / "flash.bin"
    copied_s = 0.0
    print(what)
    if with_copy:
        chip.write_bytes(prepared)
        with board_process(chip, "--baud-limit") as (ports,):
            copied_s = copy(ports, folder / "tree")
        print(f"  mpremote cp -r: {copied_s:.1f} s")
    kept = True
    for baud in RATES:
        chip.write_bytes(prepared)
        with board_process(chip, "--baud-limit") as (ports,):
            took_s, record = flash(ports, folder / "application", baud)
        limit_s = record["sent_bytes"] * BITS_PER_BYTE / baud
        seconds = record["seconds"]
        write_s = seconds["write"] + seconds.get("verify", 0)
        print(f"  davy flash at {baud}: {took_s:.2f} s in all, of which writing and verifying {write_s:.2f} s")
        print(
            f"    {record['sent_bytes']:,} compressed bytes: wire's limit {limit_s:.2f} s, sent in {record['sent_seconds'] / limit_s:.2f} x of it, "
            f"sent, compared and verified in {write_s / limit_s:.2f} x"
        )
        print("    " + ", ".join(f"{step} {spent:.2f} s" for step, spent in seconds.items()))
        if copied_s:
            print(
                f"    {copied_s / took_s:.1f} x as fast as mpremote cp -r; the wire alone allows {copied_s / limit_s:.0f} x"
            )
            kept = kept and copied_s >= 10 * took_s
    return kept


def main() -> int:
    """0 when it is ten times as fast everywhere."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--no-copy", action="store_true", help="leave mpremote out")
    with_copy = not parser.parse_args().no_copy
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        spec = load_board(BOARD)
        (folder / "mp.bin").write_bytes(craft(app_bytes=60_000))
        write_release(build_release(spec), folder / "application")
        files = build_program(spec).files
        for file, data in files.items():
            (folder / "tree" / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / "tree" / file).write_bytes(data)
        print(f"the program: {len(files)} files, {sum(map(len, files.values())):,} bytes")
        one = older_flash(folder, "alarm.py")
        fast = [
            compare("update, one module differs", one, folder, with_copy),
            compare("update, every module differs", older_flash(folder, "*.py"), folder, with_copy),
            compare("empty file system", one[: VFS.offset].ljust(len(one), b"\xff"), folder, with_copy),
        ]
    return 0 if all(fast) else 1


if __name__ == "__main__":
    sys.exit(main())
