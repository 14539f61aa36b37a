"""What a maker has on the desk, for tests: releases, an older and a newer program, units."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from davy.image.boardfile import load_board
from davy.image.build import build_program
from davy.image.release import application_parts, build_release, load_release, write_release
from davy.paths import FIRMWARE
from support.desks import Ports, RunningDesk, davy
from support.micropython_image import craft

BOARD = "devkit_ze07"
#: Leaves out what takes minutes of the program's clock.
QUICK = "--no-self-test"


@dataclass(frozen=True)
class Shop:
    """A folder with a release, units GA1 and GA2 and their maker."""

    folder: Path

    @property
    def release(self) -> Path:
        return self.folder / "release"

    def unit(self, serial: str) -> Path:
        return self.folder / "units" / serial


def make_shop(folder: Path) -> Shop:
    shop = Shop(folder)
    (folder / "mp.bin").write_bytes(craft(app_bytes=40_000))
    write_release(build_release(load_board(BOARD), folder / "mp.bin"), shop.release)
    (folder / "cal.json").write_text('{"schema": 1, "methane": {"part": "mq4", "r0_ohm": 20000}}')
    assert davy("ca", "init", folder / "ca").returncode == 0
    for serial in ("GA1", "GA2"):
        words = ["--serial", serial, "--board", BOARD, "--calibration", folder / "cal.json"]
        done = davy("unit", "new", "--ca", folder / "ca", *words, "-o", folder / "units")
        assert done.returncode == 0, done.stdout
    return shop


def newer_release(shop: Shop, folder: Path, added: str = "\nCHANGED = 1\n") -> Path:
    """A release of a program that differs in one file."""
    tree = folder / "firmware"
    shutil.copytree(FIRMWARE, tree, ignore=shutil.ignore_patterns("__pycache__"))
    with (tree / "report" / "backoff.py").open("a") as file:
        file.write(added)
    program = build_program(load_board(BOARD), tree)
    old = load_release(shop.release)
    kept = (part for part in old.parts if part.kind == "micropython")
    made = replace(old, image_sha256=program.sha256, parts=(*kept, *application_parts(program.littlefs)))
    assert made.image_sha256 != old.image_sha256
    write_release(made, folder / "newer")
    return folder / "newer"


def flash(ports: Ports, *words: object) -> tuple[int, list[dict[str, Any]]]:
    """(exit status, events) of one run of `davy flash`."""
    done = davy("flash", "--port", ports.pty, "--lines", ports.rfc2217, "--events", *words)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert events and events[-1]["event"] == "result", done.stdout
    assert events[-1]["exit"] == done.returncode
    return done.returncode, events


def result(events: list[dict[str, Any]]) -> dict[str, Any]:
    return events[-1]


def station_file(folder: Path, boards: list[Ports], release: Path, ca: Path, baud: int) -> Path:
    """A station of those boards with a work order for all of them and a calibration for each."""
    (folder / "work.csv").write_text(f"order,batch,serial_from,quantity\nWO-1,2026-11,GB0001,{len(boards)}\n")
    (folder / "cal").mkdir()
    for ports in boards:
        own = folder / "cal" / f"{ports.mac.replace(':', '')}.json"
        own.write_text('{"schema": 1, "methane": {"part": "mq4", "r0_ohm": 20000}}')
    keys = {
        "name": "bench", "board": BOARD, "prefix": "88.118.8", "image": release, "ca": ca, "units": folder / "units",
        "calibrations": folder / "cal", "work_order": folder / "work.csv", "serials": folder / "serials.jsonl",
        "log": folder / "station.log",
    }  # fmt: skip
    lines = [
        "schema = 1",
        f"baud = {baud}",
        f"lower_baud = {baud}",
        *(f'{key} = "{value}"' for key, value in keys.items()),
    ]
    lines += [f'[[fixture]]\nport = "{ports.pty}"\nlines = "{ports.rfc2217}"' for ports in boards]
    lines += ["[limits]", "faults = [0, 0]", "methane_ppm = [0, 500]"]
    path = folder / "station.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


def ports_of(running: RunningDesk) -> Ports:
    desk = running.desk
    return Ports(desk.pty.path, desk.rfc2217.url, desk.board.mac.hex(":"), desk.chip.flash.path)
