"""The valve as the rig sees it: its coil's current and its contact. And what can be wrong with it."""

from __future__ import annotations

from davy.bench.bench import Bench
from davy.bench.capabilities.edges import first_edge
from davy.bench.rig import CONTACT_FOLLOWS, CONTACT_OFF, CONTACT_STUCK


class ValveSense:
    """Times are the rig's ms; a time of None is an edge that did not come."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    @staticmethod
    def missing(bench: Bench) -> str:
        if "coil" not in bench.rig.inputs:
            return "a sense of the valve's coil"
        return "" if "contact" in bench.rig.inputs else "a sense of the valve's contact"

    @property
    def energised(self) -> bool:
        return bool(self._bench.rig.level("coil"))

    @property
    def is_closed(self) -> bool:
        """By its contact."""
        return bool(self._bench.rig.level("contact"))

    def coil_ua(self) -> int:
        """Current through the coil in microamperes. ValueError where the rig has no meter."""
        return self._bench.rig.reading("coil_ua")

    def closed_at(self, since_ms: int, within_s: float) -> int | None:
        return first_edge(self._bench, "contact", 1, since_ms, within_s)

    def released_at(self, since_ms: int, within_s: float) -> int | None:
        """When the coil lost its current."""
        return first_edge(self._bench, "coil", 0, since_ms, within_s)

    def opened_at(self, since_ms: int, within_s: float) -> int | None:
        return first_edge(self._bench, "contact", 0, since_ms, within_s)

    def opens(self, since_ms: int) -> int:
        """How often it was energised from since_ms on."""
        return sum(edge.line == "coil" and edge.level == 1 for edge in self._bench.rig.edges(since_ms))

    def stick(self) -> int:
        """Its contact, or it itself where the rig stands for the valve, stays where it is."""
        return self._bench.rig.set("contact", CONTACT_STUCK)

    def contact_off(self) -> int:
        """The contact's wire is off."""
        return self._bench.rig.set("contact", CONTACT_OFF)

    def break_coil(self) -> int:
        """The coil's circuit is open."""
        return self._bench.rig.set("coil_broken", 1)

    def mend(self) -> None:
        """Everything as it should be."""
        for output, value in (("contact", CONTACT_FOLLOWS), ("coil_broken", 0)):
            if output in self._bench.rig.outputs:
                self._bench.rig.set(output, value)
