"""The air around the device's temperature and humidity part."""

from __future__ import annotations

from davy.bench.bench import Bench, ClimateBackend


class Climate:
    """A chamber, or a virtual one."""

    def __init__(self, bench: Bench) -> None:
        assert bench.climate is not None
        self._backend: ClimateBackend = bench.climate

    @staticmethod
    def missing(bench: Bench) -> str:
        if bench.spec.climate is None:
            return "a climate part on the board"
        return "" if bench.climate is not None else "a climate chamber"

    def set(self, temperature_degc: float, humidity_percent: float) -> None:
        self._backend.set(temperature_degc, humidity_percent)

    def fault(self, fault: str | None) -> None:
        """`silent`, `garbled`, or None."""
        self._backend.fault(fault)
