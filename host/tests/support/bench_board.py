"""A virtual board with a small firmware of the test's own, for tests of the board itself rather than of davy."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from davy.board.events import BoardEvent
from davy.board.plant import Plant
from davy.board.room import RoomConfig
from davy.board.virtual import VirtualBoard
from davy.image.boardfile import load_board
from davy.image.build import build_image
from davy.image.settings import Settings


@dataclass
class Bench:
    """The board, and everything it showed."""

    board: VirtualBoard
    events: list[BoardEvent] = field(default_factory=list)

    def console(self) -> list[str]:
        """Lines of the console so far."""
        return [event.data["text"] for event in self.events if event.kind == "console"]

    def times(self, kind: str) -> list[int]:
        """Virtual ms of the events of one kind."""
        return [event.t_ms for event in self.events if event.kind == kind]


def bench_board(
    folder: Path, main: str, *, seed: int = 1, powered: bool = True, speed: float | None = None, ticks_start: int = 0
) -> Bench:
    """A board that runs `main` as main.py; the rest is VirtualBoard's."""
    tree = folder / "firmware"
    tree.mkdir(exist_ok=True)
    (tree / "main.py").write_text(main)
    spec = load_board("virtual")
    image = build_image(spec, Settings.reporting_off(), tree)
    events: list[BoardEvent] = []
    board = VirtualBoard(
        spec,
        image,
        Plant(spec, RoomConfig(), seed),
        flash=folder / f"flash-{seed}.bin",
        seed=seed,
        on_event=events.append,
        speed=speed,
        ticks_start=ticks_start,
    )
    if powered:
        board.power_on()
    return Bench(board, events)
