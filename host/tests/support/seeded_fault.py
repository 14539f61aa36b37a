"""A fault that is put into the firmware on purpose, and what the bench's suite must then say."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One mistake of the kind that is made: `old`, once in firmware/`file`, becomes `new`.

    `test` is the one that the fault is for; `also` are those that have to fail with it, and no others may.
    """

    name: str
    file: str
    old: str
    new: str
    test: str
    also: tuple[str, ...] = ()
    board: str = "virtual"

    @property
    def fails(self) -> frozenset[str]:
        """Names of the tests that must fail, without their file's."""
        return frozenset((self.test, *self.also))
