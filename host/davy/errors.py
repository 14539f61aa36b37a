"""What a person gave that cannot be used, and what a desk did not let happen. Bugs are not here: they keep their traceback."""

from __future__ import annotations

#: Exit statuses of every davy command.
EXIT_OK = 0
EXIT_FAILED = 1
EXIT_BAD_INPUT = 2
EXIT_DESK = 3


class InputError(Exception):
    """Bad input, said in one line: where it is, what is wrong, what would be right.

    A command prints it as `davy: WHERE: PROBLEM; HINT` and exits with 2. Nothing has been written by then.
    """

    def __init__(self, where: str, problem: str, hint: str = "") -> None:
        self.where = where
        self.problem = problem
        self.hint = hint
        super().__init__(f"{where}: {problem}" + (f"; {hint}" if hint else ""))


class DeskError(Exception):
    """Port, cable, board, disk or process: nothing is wrong with what was given, and another try may help. In one line as well.

    A command prints it as `davy: WHERE: PROBLEM; NEXT STEP` and exits with 3.
    """

    def __init__(self, where: str, problem: str, hint: str) -> None:
        self.where = where
        self.problem = problem
        self.hint = hint
        super().__init__(f"{where}: {problem}; {hint}")
