"""Siren and lamps as the rig sees them."""

from __future__ import annotations

from davy.bench.bench import Bench
from davy.bench.capabilities.edges import first_edge

COLOURS = ("green", "yellow", "red")


class SirenSense:
    """Times are the rig's ms."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    @staticmethod
    def missing(bench: Bench) -> str:
        return "" if "siren" in bench.rig.inputs else "a sense of the siren"

    @property
    def is_on(self) -> bool:
        return bool(self._bench.rig.level("siren"))

    def sounded_at(self, since_ms: int, within_s: float) -> int | None:
        """When it began, None when it did not within_s of since_ms."""
        return first_edge(self._bench, "siren", 1, since_ms, within_s)

    def starts(self, since_ms: int) -> int:
        """How often it began from since_ms on."""
        return sum(edge.line == "siren" and edge.level == 1 for edge in self._bench.rig.edges(since_ms))


class LampSense:
    """The three lamps. A blinking lamp is what it is at this moment: `seen` looks for a while."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    @staticmethod
    def missing(bench: Bench) -> str:
        return "" if set(COLOURS) <= bench.rig.inputs else "a sense of the lamps"

    @property
    def lit(self) -> set[str]:
        """Colours that are lit now."""
        return {colour for colour in COLOURS if self._bench.rig.level(colour)}

    def seen(self, seconds: float = 4.0) -> set[str]:
        """Colours that were lit at any moment of the next so many seconds."""
        began_ms, lit = self._bench.rig.now_ms(), self.lit
        self._bench.clock.wait(seconds)
        edges = self._bench.rig.edges(began_ms)
        return lit | {edge.line for edge in edges if edge.line in COLOURS and edge.level}

    def lit_at(self, colour: str, since_ms: int, within_s: float) -> int | None:
        return first_edge(self._bench, colour, 1, since_ms, within_s)
