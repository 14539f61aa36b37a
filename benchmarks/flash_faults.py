"""Cables pulled and power cut at every twentieth of a flash, and at random moments: said in a line, and healed by a second run.

The whole tool, with real esptool, on a virtual board: each fault is made at an operation of the flash, the exit status must be
3 with one line, and the next run must end well with the same identity. Prints the seed, and what became of every fault.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from davy.board.flash_chip import PowerLost
from davy.paths import ROOT

sys.path.insert(0, str(ROOT / "host" / "tests"))

from support.desks import RunningDesk, running_desk
from support.makers import QUICK, Shop, flash, make_shop, ports_of, result

FAULTS = ("cable", "power")


class Trap:
    """Springs at one operation of the flash."""

    def __init__(self) -> None:
        self.count = 0
        self.at = 0
        self.spring: Callable[[], None] = lambda: None

    def __call__(self, kind: str, offset: int, length: int) -> None:
        self.count += 1
        if self.count == self.at:
            self.spring()


def lose_power() -> None:
    raise PowerLost


def one(fault: str, at: int, shop: Shop, folder: Path) -> str:
    """What went wrong; empty when all was as it should be."""
    trap = Trap()
    words = ("--image", shop.release, "--unit", shop.unit("GA1"), QUICK)
    with running_desk(folder / "flash.bin", on_flash=trap) as desk:
        trap.at = at
        trap.spring = lose_power if fault == "power" else lambda: desk.desk.soon(desk.desk.pull_cable)
        status, events = flash(ports_of(desk), *words)
        said = result(events)["text"]
        trap.at = 0
        if status != 3 or "\n" in said or ";" not in said:
            return f"exit status {status}: {said}"
        desk.do(desk.desk.power_on if fault == "power" else desk.desk.plug_in)
        return healed(desk, words)


def healed(desk: RunningDesk, words: tuple[object, ...]) -> str:
    status, events = flash(ports_of(desk), *words)
    last = result(events)
    if status != 0 or last["record"]["identifier"] != "88.118.8/GA1":
        return f"not healed: {last['text']}"
    return ""


def whole_flash(shop: Shop, folder: Path) -> int:
    """How many operations an undisturbed flash of a bare chip takes."""
    trap = Trap()
    with running_desk(folder / "flash.bin", on_flash=trap) as desk:
        status, events = flash(ports_of(desk), "--image", shop.release, "--unit", shop.unit("GA1"), QUICK)
        if status:
            raise SystemExit(result(events)["text"])
    return trap.count


def main() -> int:
    """0 when every fault was said and healed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--random", type=int, default=10, help="faults of each kind at random operations (10)")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    options = parser.parse_args()
    chance, wrong, made = random.Random(options.seed), 0, 0
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shop = make_shop(folder)
        (folder / "first").mkdir()
        total = whole_flash(shop, folder / "first")
        print(f"seed {options.seed}; a flash of a bare chip is {total} operations", flush=True)
        places = [total * percent // 100 for percent in range(5, 100, 5)]
        places += [chance.randrange(1, total) for _ in range(options.random)]
        for fault in FAULTS:
            for at in places:
                made += 1
                own = folder / str(made)
                own.mkdir()
                problem = one(fault, at, shop, own)
                if problem:
                    wrong += 1
                    print(f"{fault} at operation {at}: {problem}", flush=True)
    print(f"{made} faults, {wrong} not said or not healed, {time.perf_counter() - began:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
