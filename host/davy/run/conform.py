"""Runs clauses, each on a fresh unit, and gathers what a laboratory would want beside one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from davy.image.boardparts import BoardSpec
from davy.run.clause import Clause, Measured
from davy.run.clauses import clauses
from davy.run.recorded import Recorded
from davy.run.runner import Run
from safety.profile import PROFILES

CONFORM_SCHEMA = 1
_CONFIRMED = ("S", "W", "D")


@dataclass(frozen=True)
class Tried:
    """One clause with its outcome; `recorded` is empty for a clause that ran on the decision core alone."""

    clause: Clause
    measured: Measured
    recorded: Recorded
    image_sha256: str

    @property
    def verdict(self) -> str:
        """`met`, `NOT MET`, or `not met, unconfirmed` when the requirement itself is only recalled."""
        if self.measured.passed:
            return "met"
        return "NOT MET" if self.confirmed else "not met, unconfirmed"

    @property
    def confirmed(self) -> bool:
        return any(mark in _CONFIRMED for mark in self.clause.mark.split("/"))


@dataclass(frozen=True)
class Conformity:
    """All clauses that were tried on one board."""

    board: BoardSpec
    seed: int
    tried: list[Tried]
    wall_s: float

    @property
    def passed(self) -> bool:
        """Every requirement that is confirmed is met."""
        return all(each.measured.passed or not each.confirmed for each in self.tried)


def conform(
    board: BoardSpec, profile: str | None, seed: int, on_tried: Callable[[Tried], None] = lambda tried: None
) -> Conformity:
    """Try every clause of a profile, or of all."""
    began = time.perf_counter()
    tried = []
    names = list(PROFILES)
    for clause in sorted(clauses(profile), key=lambda clause: names.index(clause.profile)):
        if "CO" in clause.name and board.co is None:
            continue
        if clause.needs_heater_sense and board.methane.heater_sense_pin is None:
            continue
        each = _try(clause, replace(board, profile=clause.profile), seed)
        tried.append(each)
        on_tried(each)
    return Conformity(board, seed, tried, time.perf_counter() - began)


def _try(clause: Clause, board: BoardSpec, seed: int) -> Tried:
    if clause.scenario is None:
        empty = Recorded(0)
        return Tried(clause, clause.judge(empty), empty, "")
    outcome = Run(clause.scenario, board, seed=seed, calibrated=True, to_siren_ms=clause.to_siren_ms).execute()
    return Tried(clause, clause.judge(outcome.recorded), outcome.recorded, outcome.image.sha256)


def to_dict(conformity: Conformity) -> dict[str, Any]:
    """The record's document."""
    return {
        "schema": CONFORM_SCHEMA,
        "board": conformity.board.name,
        "seed": conformity.seed,
        "passed": conformity.passed,
        "wall_s": round(conformity.wall_s, 1),
        "clauses": [
            {
                "profile": each.clause.profile,
                "clause": each.clause.name,
                "text": each.clause.text,
                "mark": each.clause.mark,
                "required": each.measured.required,
                "measured": each.measured.measured,
                "value": each.measured.value,
                "unit": each.measured.unit,
                "margin": each.measured.margin,
                "note": each.measured.note,
                "core_only": each.clause.core,
                "verdict": each.verdict,
                "image_sha256": each.image_sha256,
            }
            for each in conformity.tried
        ],
    }


def to_json(conformity: Conformity) -> str:
    """The record as text."""
    return json.dumps(to_dict(conformity), indent=1, ensure_ascii=False) + "\n"
