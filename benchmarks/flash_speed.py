"""Putting the application on a board: davy flash beside mpremote cp -r of the same files, on one virtual board whose wire is slow.

The board holds MicroPython and an empty file system; bytes take the time that they take on a wire. mpremote speaks to the
prompt at 115200, which is MicroPython's own rate there. The wire limit is what the compressed bytes take at ten bits a byte.
MicroPython's file is a crafted one with the right headers: it holds no MicroPython.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from davy.flash import lines
from davy.flash.plan import make_plan
from davy.image.boardfile import load_board
from davy.image.build import build_program
from davy.image.release import build_release, write_release
from davy.paths import ROOT

sys.path.insert(0, str(ROOT / "host" / "tests"))

from support.desks import Ports, board_process
from support.micropython_image import craft

BOARD = "devkit_ze07"
BITS_PER_BYTE = 10


def flash(ports: Ports, release: Path, baud: int) -> tuple[float, dict]:
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
    lines.into_boot_loader(ports.rfc2217)
    lines.into_program(ports.rfc2217)
    time.sleep(2)  # a person waits for the prompt as well
    words = [sys.executable, "-m", "mpremote", "connect", ports.pty, "cp", "-r", *sorted(map(str, tree.iterdir())), ":"]
    began = time.perf_counter()
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"mpremote ended with {done.returncode}: {done.stdout[-500:]}{done.stderr[-500:]}")
    return time.perf_counter() - began


def main() -> int:
    """0 when both limits are kept at both rates."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--no-copy", action="store_true", help="leave mpremote out (its copy takes minutes)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        spec = load_board(BOARD)
        (folder / "mp.bin").write_bytes(craft(app_bytes=60_000))
        write_release(build_release(spec, folder / "mp.bin"), folder / "whole")
        application = build_release(spec)
        write_release(application, folder / "application")
        tree = folder / "tree"
        for file, data in build_program(spec).files.items():
            (tree / file).parent.mkdir(parents=True, exist_ok=True)
            (tree / file).write_bytes(data)
        tree_bytes = sum(path.stat().st_size for path in tree.rglob("*") if path.is_file())
        plan_bytes = make_plan(application, None, same_application=False).wire_bytes
        print(f"application: {tree_bytes:,} bytes in files, {plan_bytes:,} compressed for the wire")
        chip = folder / "flash.bin"
        with board_process(chip) as (ports,):
            flash(ports, folder / "whole", 921_600)
        prepared = blank(chip.read_bytes())
        copied_s = 0.0
        if not options.no_copy:
            chip.write_bytes(prepared)
            with board_process(chip, "--baud-limit") as (ports,):
                copied_s = copy(ports, tree)
            print(f"mpremote cp -r: {copied_s:.1f} s, {tree_bytes / copied_s / 1000:.1f} KB/s")
        kept = True
        for baud in (115_200, 460_800):
            chip.write_bytes(prepared)
            with board_process(chip, "--baud-limit") as (ports,):
                took_s, record = flash(ports, folder / "application", baud)
            limit_s = record["sent_bytes"] * BITS_PER_BYTE / baud
            seconds = record["seconds"]
            write_s = seconds["write"] + seconds.get("verify", 0)
            print(
                f"davy flash at {baud}: {took_s:.2f} s in all; the wire's limit for {record['sent_bytes']:,} bytes is {limit_s:.2f} s"
            )
            print(
                f"  writing and verifying {write_s:.2f} s = {write_s / limit_s:.2f} x the limit; in all {took_s / limit_s:.2f} x"
            )
            print("  " + ", ".join(f"{step} {spent:.2f} s" for step, spent in seconds.items()))
            if copied_s:
                print(f"  {copied_s / took_s:.1f} x faster than mpremote cp -r")
                kept = kept and copied_s >= 10 * took_s
            kept = kept and write_s <= 1.15 * limit_s
    return 0 if kept else 1


def blank(flash_bytes: bytes) -> bytes:
    """The same chip with an erased file system."""
    return flash_bytes[:0x200000].ljust(len(flash_bytes), b"\xff")


if __name__ == "__main__":
    sys.exit(main())
