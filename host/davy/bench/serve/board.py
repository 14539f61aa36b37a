"""All that the page shows, read anew: benches, last units, how many of each."""

from __future__ import annotations

import re
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from davy.bench.record_file import HISTORY
from davy.bench.serve.live_files import LiveBench, read_live
from davy.bench.serve.tile_parts import Tile
from davy.bench.serve.tiles import tile_of
from davy.bench.serve.units import HistoryAway, Unit, run_of, units_of

_MOST_UNITS = 12


@dataclass(frozen=True)
class Board:
    """`counts` are (name, label, number); `trouble` is what cannot be read, in one sentence, or empty."""

    tiles: list[Tile]
    units: list[Unit]
    counts: list[tuple[str, str, int]]
    title: str
    trouble: str


class Watcher:
    """Reads one folder of records, which may come and go. The history only when it has changed; used by any thread."""

    def __init__(self, records: Path) -> None:
        self.records = records
        self._past: tuple[object, list[Unit], dict[str, str | None]] | None = None

    def look(self, when_ms: int | None = None) -> Board:
        """The board at a time, Unix milliseconds; without one, now. Raises nothing for what is on the disk."""
        at_ms = now_ms() if when_ms is None else when_ms
        if not self.records.is_dir():
            return _board([], [], "The folder of records is gone: is its disk there?")
        trouble = ""
        benches = read_live(self.records)
        ended = frozenset(each.record for each in benches if isinstance(each, LiveBench) and each.record)
        try:
            units, runs = self._history(ended, at_ms)
        except HistoryAway as error:
            units, runs, trouble = [], {}, str(error)
        tiles = []
        for each in benches:
            tile = tile_of(each, at_ms)
            if isinstance(each, LiveBench) and each.record and each.state == "ended":
                tile = replace(tile, report=runs.get(each.record) or "")
            tiles.append(tile)
        return _board(sorted(tiles, key=_place), units, trouble)

    def _history(self, ended: frozenset[str], at_ms: int) -> tuple[list[Unit], dict[str, str | None]]:
        # The day is of it too: at midnight what was `14:03:22` becomes a date.
        state = (_stamp(self.records), ended, time.localtime(at_ms / 1000)[:3])
        past = self._past
        if past is None or past[0] != state:
            units = units_of(self.records, None, _MOST_UNITS, at_ms)
            past = self._past = (state, units, {file: run_of(self.records, file) for file in ended})
        return past[1], past[2]


def now_ms() -> int:
    """Unix milliseconds."""
    return int(time.time() * 1000)


def _stamp(records: Path) -> list[tuple[int, int]]:
    stamps = []
    for name in (HISTORY, f"{HISTORY}-wal"):
        try:
            stat = (records / name).stat()
        except OSError:
            continue
        if stat.st_size:
            stamps.append((stat.st_mtime_ns, stat.st_size))
    return stamps


def _place(tile: Tile) -> list[tuple[int, str]]:
    """By name, `bench 2` before `bench 10`: a bench keeps its place on the screen whatever happens to it."""
    return [(int(each), "") if each.isdecimal() else (-1, each) for each in re.split(r"(\d{1,9})", tile.bench) if each]


def _board(tiles: list[Tile], units: list[Unit], trouble: str) -> Board:
    number = Counter(tile.standing for tile in tiles)
    lost = number["silent"] + number["unreadable"]
    counts = [
        ("benches", "benches", len(tiles)),
        ("running", "testing", number["running"]),
        ("failed", "failed", number["fail"]),
        ("errors", "bench error" if number["error"] == 1 else "bench errors", number["error"]),
        ("silent", "silent", lost),
    ]
    urgent = [f"{n} {label}" for name, label, n in counts if n and name in ("failed", "errors", "silent")]
    return Board(tiles, units, counts, f"({', '.join(urgent)}) davy bench" if urgent else "davy bench", trouble)
