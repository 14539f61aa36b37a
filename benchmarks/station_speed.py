"""Whole units: davy flash beside esptool and mpremote by hand, and a station of eight fixtures beside one of one.

Every board is a virtual one whose bytes take the time that they take on a wire. MicroPython's file is a crafted one of the real
one's size. By hand means: esptool write-flash of the whole file, then mpremote cp -r; no identity, nothing asked afterwards.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from davy.flash import lines
from davy.image.boardfile import load_board
from davy.image.build import build_program
from davy.image.release import build_release, write_release
from davy.paths import ROOT

sys.path.insert(0, str(ROOT / "host" / "tests"))

from support.desks import Ports, board_process, davy
from support.makers import station_file
from support.micropython_image import REAL_APP_BYTES, craft

BOARD = "devkit_ze07"
SPEED = ("--board", BOARD, "--speed", "60", "--baud-limit")
BITS_PER_BYTE = 10


def by_hand(ports: Ports, folder: Path, baud: int) -> float:
    """Seconds of what people do today, with the waiting for the prompt left out."""
    lines.into_boot_loader(ports.rfc2217)
    began = time.perf_counter()
    esptool = [sys.executable, "-m", "esptool", "--port", ports.pty, "--baud", str(baud), "--before", "no-reset"]
    subprocess.run(
        [*esptool, "--after", "no-reset", "write-flash", "0x1000", str(folder / "mp.bin")], check=True, stdout=-1
    )
    spent_s = time.perf_counter() - began
    lines.into_program(ports.rfc2217)
    time.sleep(2)
    began = time.perf_counter()
    files = sorted(map(str, (folder / "tree").iterdir()))
    words = [sys.executable, "-m", "mpremote", "connect", ports.pty, "cp", "-r", *files, ":"]
    subprocess.run(words, check=True, stdout=-1)
    return spent_s + time.perf_counter() - began


def one_unit(ports: Ports, folder: Path, baud: int) -> tuple[float, dict[str, Any]]:
    """(seconds, record) of davy flash, self-test left out."""
    words = ["--port", ports.pty, "--lines", ports.rfc2217, "--baud", baud, "--image", folder / "release"]
    began = time.perf_counter()
    done = davy("flash", *words, "--unit", folder / "units" / "GA0", "--no-self-test", "--events", timeout_s=600)
    took_s = time.perf_counter() - began
    last = json.loads(done.stdout.splitlines()[-1])
    if done.returncode:
        raise SystemExit(last["text"])
    return took_s, last["record"]


def station(count: int, folder: Path, baud: int) -> float:
    """Units an hour of a station with so many fixtures; each makes one unit, self-test included."""
    with tempfile.TemporaryDirectory() as name:
        own = Path(name)
        with board_process(own / "b.flash", "--count", count, "--seed", 100, *SPEED) as boards:
            path = station_file(own, boards, folder / "release", folder / "ca", baud)
            began = time.perf_counter()
            done = davy("station", path, "--auto", timeout_s=1_500)
            took_s = time.perf_counter() - began
            if done.returncode:
                raise SystemExit(done.stdout)
    print(f"  {count} fixture(s): {took_s:.0f} s for {count} unit(s), {count * 3600 / took_s:.0f} units an hour")
    return count * 3600 / took_s


def main() -> int:
    """0 when eight fixtures make at least six times what one makes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--baud", type=int, default=115_200, help="rate of the station's fixtures (115200)")
    parser.add_argument("--fixtures", type=int, default=8)
    parser.add_argument("--no-unit", action="store_true", help="the station alone")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "mp.bin").write_bytes(craft(app_bytes=REAL_APP_BYTES))
        spec = load_board(BOARD)
        write_release(build_release(spec, folder / "mp.bin"), folder / "release")
        for file, data in build_program(spec).files.items():
            (folder / "tree" / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / "tree" / file).write_bytes(data)
        davy("ca", "init", folder / "ca")
        davy("unit", "new", "--ca", folder / "ca", "--serial", "GA0", "--board", BOARD, "-o", folder / "units")
        if not options.no_unit:
            baud = 460_800
            print(f"a whole unit at {baud}")
            with board_process(folder / "a.bin", *SPEED) as (ports,):
                hand_s = by_hand(ports, folder, baud)
            with board_process(folder / "b.bin", *SPEED) as (ports,):
                took_s, record = one_unit(ports, folder, baud)
            limit_s = record["sent_bytes"] * BITS_PER_BYTE / baud
            print(
                f"  esptool and mpremote by hand {hand_s:.1f} s, davy flash {took_s:.1f} s: {hand_s / took_s:.2f} x as fast"
            )
            print(
                f"  {record['sent_bytes']:,} bytes on the wire: {limit_s:.1f} s; "
                + ", ".join(f"{k} {v:.1f} s" for k, v in record["seconds"].items())
            )
        print(f"a station at {options.baud}")
        ratio = station(options.fixtures, folder, options.baud) / station(1, folder, options.baud)
        print(f"  {options.fixtures} fixtures make {ratio:.1f} x the units of one")
    return 0 if ratio >= 0.75 * options.fixtures else 1


if __name__ == "__main__":
    sys.exit(main())
