"""Start to first sample, and 50 virtual boards in real time at once: do they keep the clock, and what do they weigh?

The first sample is the first ADC reading of the safety loop, told by the firmware's own first safety step: wall time
from power_on() to it, less the virtual boot delay that no wall clock waits for.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from pathlib import Path

import psutil

from davy.board.plant import Plant
from davy.board.room import RoomConfig
from davy.board.virtual import BOOT_MS, SAMPLE_PERIOD_MS, VirtualBoard
from davy.image.boardfile import load_board
from davy.image.build import Image, build_image
from davy.image.settings import Settings

START_LIMIT_MS = 150
RSS_LIMIT_MB = 16


def new_board(image: Image, folder: Path, seed: int, speed: float | None) -> VirtualBoard:
    spec = load_board("virtual")
    plant = Plant(spec, RoomConfig(), seed)
    return VirtualBoard(spec, image, plant, flash=folder / f"flash-{seed}.bin", seed=seed, speed=speed)


def start_to_first_sample_ms(image: Image, folder: Path, runs: int) -> list[float]:
    """Wall ms from power_on() to the end of the first safety step, for each run."""
    taken = []
    for run in range(runs):
        with new_board(image, folder, 1000 + run, None) as board:
            began = time.perf_counter()
            board.power_on()
            board.run_until(BOOT_MS + SAMPLE_PERIOD_MS)
            taken.append((time.perf_counter() - began) * 1000)
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--boards", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20.0, help="real seconds they run (20)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        image = build_image(load_board("virtual"), Settings.wired_only())
        starts = start_to_first_sample_ms(image, folder, 20)
        median = statistics.median(starts)
        print(f"start to first sample: median {median:.0f} ms, worst {max(starts):.0f} ms of 20")
        print(f"  {START_LIMIT_MS / median:.1f} x under the limit of {START_LIMIT_MS} ms")

        boards = [new_board(image, folder, seed, 1.0) for seed in range(options.boards)]
        for board in boards:
            board.power_on()
        ends_ms = BOOT_MS + round(options.seconds * 1000)
        lateness: list[float] = []

        def live(board: VirtualBoard) -> None:
            board.run_until(ends_ms)
            lateness.append((time.perf_counter() - began) * 1000 - ends_ms)

        load = psutil.Process()
        psutil.cpu_percent()
        began = time.perf_counter()
        threads = [threading.Thread(target=live, args=(board,)) for board in boards]
        for thread in threads:
            thread.start()
        time.sleep(options.seconds * 0.8)  # measured while all of them run
        resident = [psutil.Process(board.pid).memory_info().rss / 1e6 for board in boards if board.pid]
        used_percent = psutil.cpu_percent() * (psutil.cpu_count() or 1) / 100
        for thread in threads:
            thread.join()
        for board in boards:
            board.close()
    print(f"{len(boards)} boards in real time for {options.seconds:g} s: {used_percent:.2f} cores busy")
    print(f"  latest to the end: {max(lateness):.0f} ms after the wall clock")
    print(f"  resident memory of a board: {statistics.mean(resident):.1f} MB, largest {max(resident):.1f} MB")
    print(f"  {RSS_LIMIT_MB / max(resident):.2f} x under the limit of {RSS_LIMIT_MB} MB")
    print(f"  supervisor of all: {load.memory_info().rss / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
