"""What the running board does to its flash: counted, and cut short by a power cut where a test says so."""

from __future__ import annotations

from dataclasses import dataclass

PROGRAM, ERASE = "program", "erase"


@dataclass(frozen=True)
class Spent:
    """Operations of one call, as its cost in time is counted by the board."""

    programs: int = 0
    program_bytes: int = 0
    erases: int = 0


class FlashWear:
    """Counters over every boot of a board: `operations` (a page programmed or a sector erased), and bytes of each kind.

    `cut_in`: the power goes in the middle of the cut_in-th operation from now, None for never.
    """

    def __init__(self) -> None:
        self.operations = 0
        self.bytes_programmed = 0
        self.bytes_erased = 0
        self.cut_in: int | None = None
        self._spent = Spent()

    def operation(self, kind: str, length: int) -> bool:
        """Count one; True when the power goes in the middle of it."""
        self.operations += 1
        if kind == PROGRAM:
            self.bytes_programmed += length
        else:
            self.bytes_erased += length
        if self.cut_in is None:
            return False
        self.cut_in -= 1
        if self.cut_in:
            return False
        self.cut_in = None
        return True

    def store_operation(self, kind: str, length: int) -> bool:
        """One of the non-volatile store, which the supervisor keeps: the board pays for it after the call."""
        spent = self._spent
        if kind == PROGRAM:
            self._spent = Spent(spent.programs + 1, spent.program_bytes + length, spent.erases)
        else:
            self._spent = Spent(spent.programs, spent.program_bytes, spent.erases + 1)
        return self.operation(kind, length)

    def taken(self) -> Spent:
        """What the store did since this was asked last."""
        spent, self._spent = self._spent, Spent()
        return spent
