"""Thirty virtual days of a kitchen's air, and what a lower set-point would buy.

1. The whole firmware lives through the days (davy.testing.kitchen_air): alarms and faults are counted, one is too many.
2. The same air, and a leak of 10 L/min in 20 m3, on the decision core alone with other set-points: how far the highest
   clean-air reading stays below the set-point, and how long the leak takes to be found. Plotted to --plot FILE.svg.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from davy.board.events import BoardEvent
from davy.board.plant import Plant
from davy.board.room import RoomConfig
from davy.board.virtual import VirtualBoard
from davy.codec import Decoded, Event, EventKind, State
from davy.image.boardfile import load_board
from davy.image.build import build_image
from davy.image.settings import Settings
from davy.testing.kitchen_air import live

SET_POINTS_LEL = (2, 3, 5, 7.5, 10, 15, 20, 25)
LEAK_L_PER_MIN = 10.0
LEL_PPM = 50_000
#: Days of kitchen air before a leak: the drift of the air's eleven-day wave is at its ends and in between.
KITCHEN_DAYS = (0.5, 1.0, 2.0, 4.0, 6.0, 8.0)


class Heard:
    """What the board told."""

    def __init__(self) -> None:
        self.alarms: list[int] = []
        self.faults: list[int] = []
        self.highest_ppm = 0

    def __call__(self, event: BoardEvent) -> None:
        frame = event.data.get("frame")
        if not isinstance(frame, Decoded):
            return
        message = frame.message
        if isinstance(message, State) and message.methane_ppm is not None:
            self.highest_ppm = max(self.highest_ppm, message.methane_ppm)
        if isinstance(message, Event) and message.kind == EventKind.ALARM:
            self.alarms.append(event.t_ms)
        if isinstance(message, Event) and message.kind == EventKind.FAULT:
            self.faults.append(event.t_ms)


def new_board(folder: Path, seed: int, heard: Heard) -> VirtualBoard:
    spec = load_board("virtual")
    plant = Plant(spec, RoomConfig(), seed)
    # A calibrated unit: what remains between clean air and the kitchen is the kitchen's.
    image = build_image(spec, Settings.wired_only(serial_state_ms=10_000), calibration=plant.true_calibration())
    return VirtualBoard(spec, image, plant, flash=folder / "flash.bin", seed=seed, on_event=heard)


def detection_s(folder: Path, seed: int, kitchen_days: float) -> float:
    """Seconds from the start of the leak to the alarm, after so many days of kitchen air."""
    heard = Heard()
    with new_board(folder, seed, heard) as board:
        board.power_on()
        board.run_for(300)
        for _ in live(board, kitchen_days, seed):
            pass
        board.press_button()
        board.run_for(5)
        began_ms = board.now_ms
        board.plant.set_ventilation(0.5)
        board.plant.set_leak("methane", LEAK_L_PER_MIN)
        board.run_for(3_600)
    return _first(heard, began_ms)


def _first(heard: Heard, began_ms: int) -> float:
    return next(((t_ms - began_ms) / 1000 for t_ms in heard.alarms if t_ms >= began_ms), float("nan"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plot", type=Path, help="write the trade-off as SVG")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, heard = Path(name), Heard()
        began = time.perf_counter()
        with new_board(folder, options.seed, heard) as board:
            board.power_on()
            for _ in live(board, options.days, options.seed):
                pass
        wall_s = time.perf_counter() - began
        plain_s = detection_s(folder, options.seed, 0.0)
        kitchens = [(days, detection_s(folder, options.seed, days)) for days in KITCHEN_DAYS]
    print(
        f"{options.days:g} days of kitchen air, seed {options.seed}: {len(heard.alarms)} alarms, {len(heard.faults)} faults"
    )
    print(f"  ({wall_s:.0f} s, {options.days * 86_400 / wall_s:,.0f} x real time)")
    set_point_ppm = 5_000
    print(f"  highest reading {heard.highest_ppm} ppm: {set_point_ppm / heard.highest_ppm:.1f} x below the set-point")
    print(f"leak of {LEAK_L_PER_MIN:g} L/min, found after (and against clean air)")
    print(f"  {plain_s:>5.0f} s  in clean air, without drift")
    for days, kitchen_s in kitchens:
        print(f"  {kitchen_s:>5.0f} s  after {days:g} days of kitchen air: {kitchen_s / plain_s:.3f}")
    rates = leak_course()
    rows = [(lel, lel / 100 * LEL_PPM / heard.highest_ppm, rates(lel)) for lel in SET_POINTS_LEL]
    print(f"{'set-point':>10}{'margin':>9}{'leak found after':>18}")
    for lel, margin, found_s in rows:
        print(f"{lel:>6g} %LEL{margin:>8.1f} x{found_s:>16.0f} s")
    if options.plot is not None:
        plot(rows, options.plot)


def leak_course() -> Callable[[float], float]:
    """A function from a set-point in %LEL to the seconds until the leak's true concentration passes it, and 15 s."""
    plant = Plant(load_board("virtual"), RoomConfig(), 1)
    plant.set_leak("methane", LEAK_L_PER_MIN)
    t_s = np.arange(0, 7_200)
    ppm = plant.truth(0, len(t_s), 1000)["methane"]
    return lambda lel: float(np.interp(lel / 100 * LEL_PPM, ppm, t_s)) + 15


def plot(rows: list[tuple[float, float, float]], path: Path) -> None:
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(6, 4))
    axis.plot([row[1] for row in rows], [row[2] / 60 for row in rows], "o-")
    for lel, margin, found_s in rows:
        axis.annotate(f"{lel:g} %LEL", (margin, found_s / 60), textcoords="offset points", xytext=(6, -4), fontsize=8)
    axis.axvline(1, color="#c92a2a", ls="--")
    axis.set_xlabel("set-point over the highest clean-air reading (1 = false alarm)")
    axis.set_ylabel(f"leak of {LEAK_L_PER_MIN:g} L/min found after (min)")
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    main()
