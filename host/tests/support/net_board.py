"""A virtual board with the firmware's link layer and a main.py of the test's own, on an access point of the test's own."""

from __future__ import annotations

import shutil
from pathlib import Path

from davy.board.events import BoardEvent
from davy.board.network import AccessPoint
from davy.board.plant import Plant
from davy.board.room import RoomConfig
from davy.board.virtual import VirtualBoard
from davy.image.boardfile import load_board
from davy.image.build import build_image
from davy.image.settings import Settings
from davy.paths import FIRMWARE
from support.bench_board import Bench

#: Joins, and watches how late a timer of 100 ms comes: `worst[0]` is the longest gap so far, in ms.
JOINED = """
import asyncio, network, time
from machine import Timer
worst, last = [0], [time.ticks_ms()]
def beat(timer):
    now = time.ticks_ms()
    worst[0] = max(worst[0], time.ticks_diff(now, last[0]))
    last[0] = now
timer = Timer(0)
timer.init(period=100, callback=beat)
wlan = network.WLAN(network.STA_IF)
wlan.active(True)
wlan.connect("davy", "davy-virtual")
while not wlan.isconnected():
    time.sleep_ms(50)
"""


def net_board(
    folder: Path, main: str, access_point: AccessPoint, ticks_start: int = 0, speed: float | None = None
) -> Bench:
    """Powered on; `main` runs after JOINED, with the rooms `report`, `protocol` and `drivers` at hand."""
    tree = folder / "firmware"
    for room in ("report", "protocol", "drivers"):
        shutil.copytree(FIRMWARE / room, tree / room, ignore=shutil.ignore_patterns("__pycache__", "*.md", "*.json"))
    (tree / "main.py").write_text(JOINED + main)
    spec, events = load_board("virtual"), list[BoardEvent]()
    board = VirtualBoard(
        spec,
        build_image(spec, Settings.reporting_off(), tree),
        Plant(spec, RoomConfig(), 1),
        flash=folder / "flash.bin",
        access_point=access_point,
        on_event=events.append,
        ticks_start=ticks_start,
        speed=speed,
    )
    board.power_on()
    return Bench(board, events)
