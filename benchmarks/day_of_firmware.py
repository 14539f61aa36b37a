"""24 h of the whole firmware at 10 Hz with reporting off: how many times faster than the clock, and what bounds it.

Processor time of supervisor and board is added up: the figure is that of one core. The bound is found by running the
same day with parts taken away.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from davy.board.plant import Plant
from davy.board.room import RoomConfig
from davy.board.virtual import VirtualBoard
from davy.image.boardfile import load_board
from davy.image.build import build_image
from davy.image.settings import Settings
from davy.paths import FIRMWARE

#: The limits that issue and house set: at least, and aimed for.
REQUIRED, AIMED = 2_000, 10_000

#: The same timer, no step: what the clock of the virtual board costs by itself.
EMPTY_STEP = """
from machine import Timer, WDT
wdt = WDT(timeout=8000)
Timer(0).init(period=100, mode=Timer.PERIODIC, callback=lambda timer: wdt.feed())
"""


@dataclass
class Day:
    """One run: virtual seconds, wall and processor seconds."""

    virtual_s: float
    wall_s: float
    supervisor_cpu_s: float
    board_cpu_s: float

    @property
    def one_core(self) -> float:
        return self.virtual_s / (self.supervisor_cpu_s + self.board_cpu_s)


def cpu_s(who: int) -> float:
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def run_day(hours: float, tree: Path, folder: Path) -> Day:
    """Run a board for so many virtual hours; the processor time of its process counts once it is reaped."""
    spec = load_board("virtual")
    board = VirtualBoard(
        spec,
        build_image(spec, Settings.reporting_off(), tree),
        Plant(spec, RoomConfig(), 1),
        flash=folder / "flash.bin",
    )
    ours, theirs, began = cpu_s(resource.RUSAGE_SELF), cpu_s(resource.RUSAGE_CHILDREN), time.perf_counter()
    with board:
        board.power_on()
        board.run_for(hours * 3600)
        wall_s = time.perf_counter() - began
    return Day(hours * 3600, wall_s, cpu_s(resource.RUSAGE_SELF) - ours, cpu_s(resource.RUSAGE_CHILDREN) - theirs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=24.0, help="virtual hours (24)")
    hours = parser.parse_args().hours
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        day = run_day(hours, FIRMWARE, folder)
        bare = folder / "bare"
        bare.mkdir()
        (bare / "main.py").write_text(EMPTY_STEP)
        empty = run_day(hours, bare, folder)
    steps = hours * 36_000
    print(f"{hours:g} h of the firmware at 10 Hz, reporting off")
    print(f"  wall {day.wall_s:.2f} s = {day.virtual_s / day.wall_s:,.0f} x real time")
    print(f"  one core: {day.one_core:,.0f} x real time = {day.one_core / REQUIRED:.1f} x the required {REQUIRED:,}")
    print(f"            {day.one_core / AIMED:.2f} x the {AIMED:,} aimed for")
    print("  where a step's time goes (processor time)")
    print(f"    safety step in MicroPython {(day.board_cpu_s - empty.board_cpu_s) / steps * 1e6:6.2f} us")
    print(f"    virtual clock and timer    {empty.board_cpu_s / steps * 1e6:6.2f} us")
    print(f"    supervisor and room        {day.supervisor_cpu_s / steps * 1e6:6.2f} us")
    print(f"  with an empty step: {empty.one_core:,.0f} x real time")


if __name__ == "__main__":
    main()
