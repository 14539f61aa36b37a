"""The device's supply."""

from __future__ import annotations

from davy.bench.bench import Bench


class Power:
    """A relay in the supply. Times are the rig's ms."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    @staticmethod
    def missing(bench: Bench) -> str:
        return "" if "power" in bench.rig.outputs else "a power relay"

    def on(self) -> int:
        return self._bench.rig.set("power", 1)

    def off(self) -> int:
        return self._bench.rig.set("power", 0)

    def cycle(self, off_s: float = 1.0) -> int:
        """Off, and on again; when it came back."""
        self.off()
        self._bench.clock.wait(off_s)
        return self.on()

    def brown_out(self, dip_ms: int) -> int:
        """The supply fails for so many ms, timed by the rig; when it failed."""
        began_ms = self._bench.rig.set("power", 0, dip_ms)
        self._bench.clock.wait(dip_ms / 1000)
        return began_ms
