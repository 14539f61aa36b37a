"""What a person did or gave that cannot be used. Bugs are not here: they keep their traceback."""

from __future__ import annotations

#: Exit statuses of every davy command.
EXIT_OK = 0
EXIT_FAILED = 1
EXIT_BAD_INPUT = 2


class InputError(Exception):
    """Bad input, said in one line: where it is, what is wrong, what would be right.

    A command prints it as `davy: WHERE: PROBLEM; HINT` and exits with 2. Nothing has been written by then.
    """

    def __init__(self, where: str, problem: str, hint: str = "") -> None:
        self.where = where
        self.problem = problem
        self.hint = hint
        super().__init__(f"{where}: {problem}" + (f"; {hint}" if hint else ""))
