"""A CO module that tells its reading over a serial line."""

from __future__ import annotations

from davy.bench.bench import Bench
from davy.bench.rig import CO_GARBLED, CO_SILENT, CO_UPLOADS
from davy.image.boardparts import SerialSensor


class CoUart:
    """The rig in the module's place. Times are the rig's ms."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    @staticmethod
    def missing(bench: Bench) -> str:
        here = isinstance(bench.spec.co, SerialSensor) and "co_tenths_ppm" in bench.rig.outputs
        return "" if here else "a serial CO module's line"

    def ppm(self, ppm: float) -> int:
        """Tell a concentration."""
        return self._bench.rig.set("co_tenths_ppm", round(ppm * 10))

    def silent(self) -> int:
        """Say nothing."""
        return self._bench.rig.set("co_mode", CO_SILENT)

    def garbled(self) -> int:
        """Send frames whose check does not hold."""
        return self._bench.rig.set("co_mode", CO_GARBLED)

    def talk(self) -> int:
        """Upload each second again."""
        return self._bench.rig.set("co_mode", CO_UPLOADS)
