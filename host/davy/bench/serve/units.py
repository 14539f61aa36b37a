"""Past runs as lines of a list, out of the history."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from davy.bench.history import PastRun, reading, runs
from davy.bench.record_file import HISTORY
from davy.bench.serve.words import clock_words, iso_words
from davy.bench.words import SIGNS, VERDICTS, seconds_text
from davy.errors import DeskError, InputError

_RUN_ID = re.compile(r"[0-9a-f]{64}")
_MOST_ALIKE = 10


class HistoryAway(Exception):
    """The history cannot be read now, in one sentence."""


@dataclass(frozen=True)
class Unit:
    """One run of one unit in words. `id` is its record's SHA-256, `file` the record within the folder."""

    id: str
    file: str
    serial: str
    bench: str
    outcome: str
    symbol: str
    word: str
    ended: str
    ended_iso: str
    took: str
    why: str
    has_report: bool


def units_of(records: Path, serial: str | None, last: int, now_ms: int) -> list[Unit]:
    """The newest runs first, of one serial or of all. No history yet is an empty one. Raises HistoryAway."""
    if not (records / HISTORY).exists():
        return []
    try:
        return [_unit(records, run, now_ms) for run in runs(records, serial, last)]
    except (InputError, DeskError) as error:
        raise HistoryAway(f"The history cannot be read: {error.problem}; {error.hint}.") from error
    except ValueError as error:  # a name that no file can have
        raise HistoryAway(f"The history cannot be read: it names a file that cannot be ({error}).") from error


def serials_like(records: Path, part: str) -> list[str]:
    """Some serials that hold this text, the newest first. Raises HistoryAway."""
    pattern = "%" + re.sub(r"([\\%_])", r"\\\1", part) + "%"
    rows = _rows(
        records,
        "SELECT serial FROM runs WHERE serial LIKE ? ESCAPE '\\' GROUP BY serial ORDER BY max(started_ms) DESC LIMIT ?",
        (pattern, _MOST_ALIKE),
    )
    return [row[0] for row in rows]


def record_of(records: Path, run_id: str) -> str | None:
    """The record's file within the folder, as the history names it; None for what it does not know. Raises HistoryAway."""
    if not _RUN_ID.fullmatch(run_id):
        return None
    rows = _rows(records, "SELECT file FROM runs WHERE sha256 = ?", (run_id,))
    return rows[0][0] if rows else None


def run_of(records: Path, file: str) -> str | None:
    """The run that a record's file is of. Raises HistoryAway."""
    rows = _rows(records, "SELECT sha256 FROM runs WHERE file = ?", (file,))
    return rows[0][0] if rows else None


def _rows(records: Path, query: str, values: tuple[object, ...]) -> list[Any]:
    if not (records / HISTORY).exists():
        return []
    try:
        with reading(records) as db:
            return db.execute(query, values).fetchall()
    except (InputError, DeskError) as error:
        raise HistoryAway(f"The history cannot be read: {error.problem}; {error.hint}.") from error


def _unit(records: Path, run: PastRun, now_ms: int) -> Unit:
    file_words = {"whole": "", "changed": "the record's file was changed since", "missing": "the record's file is gone"}
    said = [run.cause.replace("_", " "), run.why, file_words[run.file_state]]
    return Unit(
        run.sha256,
        run.file,
        run.serial,
        run.bench,
        run.outcome,
        SIGNS[run.outcome],
        VERDICTS[run.outcome],
        clock_words(run.ended_ms, now_ms),
        iso_words(run.ended_ms),
        seconds_text(max(0, run.ended_ms - run.started_ms) / 1000),
        ": ".join(each for each in said if each),
        (records / run.file).with_suffix(".html").is_file(),
    )
