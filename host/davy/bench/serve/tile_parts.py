"""What a tile shows, in words and places: plain data for the template."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from davy.bench.limit_bar import LimitBar

Standing = Literal["running", "pass", "marginal", "fail", "error", "skip", "silent", "unreadable"]


@dataclass(frozen=True)
class Measured:
    """One measurement in words, and its bar."""

    name: str
    value: str
    outcome: str
    symbol: str
    word: str
    limits: str
    bar: LimitBar


@dataclass(frozen=True)
class Phase:
    """One phase in words."""

    name: str
    outcome: str
    symbol: str
    word: str
    why: str
    took: str
    started: str
    started_ms: int
    measurements: list[Measured]


@dataclass(frozen=True)
class Tally:
    """How many had one outcome."""

    outcome: str
    symbol: str
    number: int
    word: str


@dataclass(frozen=True)
class Progress:
    """How far a run is."""

    percent: float
    words: str
    tally: list[Tally]


@dataclass(frozen=True)
class Note:
    """What is wrong with the bench, the next step, and what that means for the device."""

    problem: str
    hint: str
    meaning: str


@dataclass(frozen=True)
class Tile:
    """All that one tile shows. `ticks`: whether the time of the running test goes on; `old`: ended long ago."""

    id: str
    bench: str
    standing: Standing
    symbol: str
    word: str
    aside: str = ""
    serial: str = ""
    operator: str = ""
    note: Note | None = None
    why: str = ""
    progress: Progress | None = None
    now: Phase | None = None
    ticks: bool = False
    failures: list[Phase] = field(default_factory=list)
    failures_title: str = ""
    phases: list[Phase] = field(default_factory=list)
    old: bool = False
    report: str = ""
