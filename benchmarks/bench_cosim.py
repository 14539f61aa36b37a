"""What a rig costs: virtual seconds a wall second of a device alone, with an idle rig around it, and with one that acts each second.

    .venv/bin/python benchmarks/bench_cosim.py

Everything is the real firmware on the MicroPython unix port. Each line is the best of several rounds; the rounds of the three alternate.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from davy.bench.emulation.emulated import EmulatedBench, EmulatedSpec
from davy.board.plant import Plant
from davy.board.room import RoomConfig
from davy.board.virtual import VirtualBoard
from davy.image.boardfile import load_board
from davy.image.build import build_image
from davy.image.settings import Settings
from davy.paths import ROOT

sys.path.insert(0, str(ROOT / "host" / "tests"))

from support.cosim import serial_rig

_CLEAN_UV = 600_000
_WARM_S = 200.0


def _speed(run: Callable[[float], None], seconds: float) -> float:
    began = time.perf_counter()
    run(seconds)
    return seconds / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=300.0, help="virtual seconds a round (300)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--board", default="virtual", help="board file (virtual); devkit_ze07 has a CO module that the rig stands for"
    )
    arguments = parser.parse_args()
    spec = load_board(arguments.board)
    image = build_image(spec, Settings.reporting_off())
    with tempfile.TemporaryDirectory(prefix="davy-benchmark-") as name:
        folder = Path(name)
        alone = VirtualBoard(spec, image, Plant(spec, RoomConfig(), 1), flash=folder / "alone.bin", seed=1)
        bench = EmulatedBench(EmulatedSpec(board=arguments.board, image=image), folder)
        rig, clock, _ = serial_rig(bench)
        with alone, bench.world:
            alone.power_on()
            alone.run_for(_WARM_S)
            for output in ("methane_uv", "co_uv"):
                rig.set(output, _CLEAN_UV)  # no effect where it leads nowhere
            clock.wait(_WARM_S)

            def acting(seconds: float) -> None:
                for second in range(round(seconds)):
                    rig.set("methane_uv", _CLEAN_UV + second % 2 * 1_000)
                    clock.wait(1.0)

            ways: dict[str, Callable[[float], None]] = {
                "device alone": alone.run_for,
                "with an idle rig": clock.wait,
                "a SET each second": acting,
            }
            best = dict.fromkeys(ways, 0.0)
            for _ in range(arguments.rounds):
                for way, run in ways.items():
                    best[way] = max(best[way], _speed(run, arguments.seconds))
    for way, speed in best.items():
        print(f"{way:20} {speed:7.0f} x real time   {best['device alone'] / speed:5.2f} x the time of the device alone")


if __name__ == "__main__":
    main()
