"""The button at the device."""

from __future__ import annotations

from davy.bench.bench import Bench

SHORT_MS, LONG_MS = 300, 4_000


class Button:
    """Times are the rig's ms."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    @staticmethod
    def missing(bench: Bench) -> str:
        return "" if "button" in bench.rig.outputs else "a hand on the button"

    def press(self, hold_ms: int = SHORT_MS) -> int:
        """Press it, and wait until it is let go; when it was pressed."""
        began_ms = self._bench.rig.set("button", 1, hold_ms)
        self._bench.clock.wait(hold_ms / 1000)
        return began_ms
