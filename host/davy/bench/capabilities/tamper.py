"""The switch that the open case closes."""

from __future__ import annotations

from davy.bench.bench import Bench


class Tamper:
    """Times are the rig's ms."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    @staticmethod
    def missing(bench: Bench) -> str:
        if bench.spec.tamper is None:
            return "a tamper switch on the board"
        return "" if "tamper" in bench.rig.outputs else "a hand on the case"

    def open(self) -> int:
        return self._bench.rig.set("tamper", 1)

    def close(self) -> int:
        return self._bench.rig.set("tamper", 0)
