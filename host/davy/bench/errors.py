"""What went wrong with the bench, and so says nothing about the device on it."""

from __future__ import annotations

from typing import Literal

from davy.errors import DeskError

#: rig: the rig or its link; device: no sign of life, or not the one that was announced; place: labgrid's coordinator, exporter or
#: reservation; record: the result could not be kept; self_check: the bench measures wrong; state: the device did not get ready.
Cause = Literal["rig", "device", "place", "record", "self_check", "state"]
CAUSES: tuple[Cause, ...] = ("rig", "device", "place", "record", "self_check", "state")


class BenchError(DeskError):
    """The run has no verdict on the device; `davy bench run` ends with 3 and the record's outcome is ERROR with this cause."""

    def __init__(self, cause: Cause, where: str, problem: str, hint: str) -> None:
        self.cause = cause
        super().__init__(where, problem, hint)
