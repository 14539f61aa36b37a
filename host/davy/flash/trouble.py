"""What goes wrong at a desk, in one line with the next step. A new try may help; nothing is wrong with what was given."""

from __future__ import annotations

EXIT_DESK = 3


class DeskTrouble(Exception):
    """`davy: WHERE: PROBLEM; NEXT STEP`, exit status 3."""

    def __init__(self, where: str, problem: str, next_step: str) -> None:
        self.where, self.problem, self.next_step = where, problem, next_step
        super().__init__(f"{where}: {problem}; {next_step}")
