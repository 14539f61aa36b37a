"""EN and GPIO0 of the device's chip."""

from __future__ import annotations

from davy.bench.bench import Bench


class ResetLines:
    """Times are the rig's ms."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    @staticmethod
    def missing(bench: Bench) -> str:
        return "" if "reset" in bench.rig.outputs else "a line to the chip's reset"

    def hold(self) -> int:
        """Hold the chip in reset; its parts keep their power."""
        return self._bench.rig.set("reset", 1)

    def release(self) -> int:
        return self._bench.rig.set("reset", 0)
