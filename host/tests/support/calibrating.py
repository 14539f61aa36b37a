"""A virtual unit on a calibrating desk, in virtual time, with hands on its air."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from davy.bench.calibration.guide import Gas, Guide, Job, Progress
from davy.bench.calibration.rehearsal import Rehearsal, rehearsal
from davy.bench.calibration.sensing import Climate, sensing_of
from davy.bench.device import KnownUnit
from davy.identity import create_ca, provision
from davy.image.boardfile import load_board
from davy.image.calibration import Calibration, nominal
from davy.image.settings import Settings

OLD_DAY, TODAY = datetime.date(2026, 1, 2), datetime.date(2026, 11, 25)
SPAN_PPM = 2_500.0
IDENTIFIER = "88.118.8/CAL-1"


def old_calibration(board: str) -> Calibration:
    """The type's values, of long ago."""
    return replace(nominal(load_board(board)), made=OLD_DAY)


@contextlib.contextmanager
def on_the_desk(
    folder: Path, board: str = "virtual", *, seed: int = 1, calibration: Calibration | None = None
) -> Iterator[Rehearsal]:
    """A unit without a network, whose calibration is the type's unless told."""
    spec = load_board(board)
    own = old_calibration(board) if calibration is None else calibration
    ca = create_ca(folder / "ca")
    made = provision(ca, IDENTIFIER, spec, Settings.wired_only(serial_state_ms=0), own)
    known = KnownUnit(IDENTIFIER, made.serial, made.nvs, ca.proof_secret(IDENTIFIER))
    with rehearsal(spec, known, folder, seed) as found:
        yield found


def guide_of(
    found: Rehearsal,
    board: str = "virtual",
    *,
    gas: str = "methane",
    span_ppm: float = SPAN_PPM,
    climate: Climate | None = None,
    apply: Callable[[Gas, int], None] | None = None,
    told: Callable[[Progress], None] = lambda now: None,
) -> Guide:
    """A guide whose gases come as they are asked for, unless `apply` lets in others."""

    def let_in(which: Gas, look: int) -> None:
        found.let_in(gas, span_ppm if which == "span" else None)

    job = Job(sensing_of(load_board(board), gas, span_ppm), span_ppm, 0.02, TODAY, climate)
    return Guide(found.unit, job, told, apply or let_in)
