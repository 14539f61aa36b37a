"""A recording of real sensors, fed through a board's ADC.

The recording is a CSV of 10-bit counts over a 5 V divider, a row about each 2 s, with a column that labels the air.
Nothing is said about concentrations: what reaches the pin is the voltage that was recorded.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from davy.board.curves import Floats
from davy.errors import InputError
from davy.image.boardparts import MqSensor

COUNTS = 1023
RECORDED_SUPPLY_UV = 5_000_000
#: Between rows; the recording has no time column and says "about every 2 s".
ROW_MS = 2_000
LABEL_COLUMN = "Gas"
SENSORS = {"mq4": "methane", "mq7": "co"}


@dataclass(frozen=True)
class Segment:
    """Rows of one label in a row: [start_ms, end_ms) of the recording."""

    label: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True)
class Replay:
    """One column of a recording, as microvolts over its load."""

    load_uv: Floats
    segments: tuple[Segment, ...]
    begins_ms: float = 0.0

    @property
    def duration_ms(self) -> int:
        return len(self.load_uv) * ROW_MS

    def starting_at(self, t_ms: float) -> Replay:
        """The same recording, beginning at a virtual time."""
        return replace(self, begins_ms=t_ms)

    def pin_uv(self, t_ms: Floats, circuit: MqSensor) -> Floats:
        """Microvolts at the pin behind the board's divider; straight between rows, the last row stays."""
        at = np.maximum(t_ms - self.begins_ms, 0.0) / ROW_MS
        load_uv = np.interp(at, np.arange(len(self.load_uv)), self.load_uv)
        total = circuit.divider_top_ohm + circuit.divider_bottom_ohm
        return np.asarray(load_uv * circuit.divider_bottom_ohm / total)


def parse_map(text: str) -> dict[str, str]:
    """`mq4=MQ5,mq7=MQ7` as {"methane": "MQ5", "co": "MQ7"}. Raises InputError."""
    found: dict[str, str] = {}
    for part in text.split(","):
        sensor, equals, column = part.strip().partition("=")
        if not equals or not column or sensor not in SENSORS:
            known = ", ".join(f"{name}=COLUMN" for name in SENSORS)
            raise InputError("--map", f"{part.strip()!r} will not do", f"write {known}")
        if SENSORS[sensor] in found:
            raise InputError("--map", f"{sensor} is there twice", "one column for each sensor")
        found[SENSORS[sensor]] = column
    return found


def load_replay(path: Path, columns: dict[str, str]) -> dict[str, Replay]:
    """A Replay for each gas of `columns` (gas -> column). Raises InputError with file and line."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = [(number, row) for number, row in enumerate(csv.reader(file), 1) if row and row[0][:1] != "#"]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(str(path), f"cannot be read: {reason}", "a CSV of ADC counts with a head line") from error
    if len(rows) < 2:
        raise InputError(str(path), "holds no samples", "a head line, then a row for each sample")
    (_, head), body = rows[0], rows[1:]
    labels = _labels(head, body)
    return {
        gas: Replay(_column(path, head, body, column) * (RECORDED_SUPPLY_UV / COUNTS), labels)
        for gas, column in columns.items()
    }


def _column(path: Path, head: list[str], body: list[tuple[int, list[str]]], column: str) -> NDArray[np.float64]:
    if column not in head:
        raise InputError(f"{path}:1", f"has no column {column!r}", f"its columns are {', '.join(head)}")
    at = head.index(column)
    values = np.empty(len(body))
    for index, (line, row) in enumerate(body):
        if len(row) != len(head):
            raise InputError(f"{path}:{line}", f"has {len(row)} fields", f"the head line has {len(head)}")
        try:
            values[index] = float(row[at])
        except ValueError:
            values[index] = -1.0
        if not 0 <= values[index] <= COUNTS:
            raise InputError(f"{path}:{line}", f"{column} is {row[at]!r}", f"a count from 0 to {COUNTS}")
    return values


def _labels(head: list[str], body: list[tuple[int, list[str]]]) -> tuple[Segment, ...]:
    if LABEL_COLUMN not in head:
        return (Segment("recording", 0, len(body) * ROW_MS),)
    at = head.index(LABEL_COLUMN)
    found: list[Segment] = []
    for index, (_, row) in enumerate(body):
        label = row[at] if at < len(row) else ""
        if found and found[-1].label == label:
            found[-1] = replace(found[-1], end_ms=(index + 1) * ROW_MS)
        else:
            found.append(Segment(label, index * ROW_MS, (index + 1) * ROW_MS))
    return tuple(found)
