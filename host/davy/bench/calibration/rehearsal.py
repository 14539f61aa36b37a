"""A virtual unit to rehearse on: its sensor is not quite of its type, and the gases come when they are asked for."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from davy.bench.calibration.desk_unit import DeskUnit
from davy.bench.device import KnownUnit
from davy.bench.direct_console import DirectConsole
from davy.bench.direct_rig import VirtualClock
from davy.bench.lines import ConsoleFrames
from davy.board.desk import HEAP
from davy.board.plant import Plant
from davy.board.room import BACKGROUND_PPM, RoomConfig
from davy.board.virtual import VirtualBoard
from davy.image.boardparts import BoardSpec
from davy.image.build import build_program

_BOOTED_S = 3.0


@dataclass(frozen=True)
class Rehearsal:
    """`let_in` holds the air at a gas; `true_value` is what a faultless calibration would find."""

    unit: DeskUnit
    plant: Plant
    board: VirtualBoard

    def let_in(self, gas: str, span_ppm: float | None) -> None:
        """Span gas of so many ppm, or clean air."""
        self.plant.force_ppm(gas, BACKGROUND_PPM[gas] if span_ppm is None else span_ppm)

    def true_value(self, gas: str) -> int:
        own = getattr(self.plant.true_calibration(), gas)
        number: int = own.r0_ohm or own.sensitivity_pa_per_ppm
        return number


@contextlib.contextmanager
def rehearsal(spec: BoardSpec, known: KnownUnit, folder: Path, seed: int) -> Iterator[Rehearsal]:
    """A board of this unit in clean air, in virtual time; its flash is a file in the folder."""
    console = DirectConsole()
    plant = Plant(spec, RoomConfig(), seed)
    board = VirtualBoard(
        spec,
        build_program(spec),
        plant,
        flash=folder / "flash.bin",
        seed=seed,
        nvs=known.nvs,
        heap=HEAP,
        on_console=console.hear,
    )
    console.board = board

    def restart() -> None:
        board.hold_in_reset()
        board.let_run()

    with board:
        board.power_on()
        board.run_for(_BOOTED_S)
        yield Rehearsal(DeskUnit(ConsoleFrames(console), VirtualClock(board), known, spec, restart), plant, board)
