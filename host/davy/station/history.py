"""What a log knows: of each fixture what was last, and of all units what became of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from davy.station.chain import Record
from davy.station.config import Fixture


@dataclass(frozen=True)
class Known:
    """The newest unit of a fixture. `at` is how far it came: given, writing, written, labelled, or ended."""

    serial: str
    mac: str
    at: str
    verdict: str = ""
    text: str = ""
    time: str = ""

    @property
    def open(self) -> bool:
        """Whether it has no verdict."""
        return self.at != "ended"

    def words(self, works: bool = False) -> str:
        """In one line; `works` if a station is at it now."""
        unit = f"{self.serial} ({self.mac})" if self.serial else self.mac or "no unit"
        if not self.open:
            return f"{unit} {self.verdict} at {self.time}" + (f": {self.text}" if self.text != self.verdict else "")
        was, when = ("is", "now") if works else ("was", "when the station stopped")
        doing = {
            "given": f"had its serial and {was} not written {'yet' if works else when}",
            "writing": f"{was} being written {when}",
            "written": f"{was} written and not labelled {'yet' if works else when}",
            "labelled": f"{was} labelled and not recorded as passed {'yet' if works else when}",
        }[self.at]
        return f"{unit} {doing}" + ("" if works else ": start it again (it keeps its serial)")


@dataclass
class History:
    """Made of the records of a log, in their order."""

    fixtures: dict[str, Known] = field(default_factory=dict)
    #: MAC -> newest verdict.
    units: dict[str, str] = field(default_factory=dict)
    reworked: set[str] = field(default_factory=set)
    tries: int = 0

    def take(self, records: Iterable[Record]) -> History:
        """Take them in; returns itself."""
        for record in records:
            self._take(record)
        return self

    def _take(self, record: Record) -> None:
        fields = record.fields
        name, mac, serial = (str(fields.get(key, "")) for key in ("fixture", "mac", "serial"))
        if record.kind == "unit-start":
            # A unit that was moved is no longer open where it was.
            self.fixtures = {at: known for at, known in self.fixtures.items() if not (known.open and known.mac == mac)}
            self.fixtures[name] = Known(serial, mac, "given", time=record.time)
            if fields.get("rework"):
                self.reworked.add(mac)
        elif record.kind == "attempt-start":
            self.tries += 1
            self._at(name, "writing")
        elif record.kind == "attempt-end":
            self._at(name, "written" if fields.get("verdict") == "pass" else "writing")
        elif record.kind == "label":
            self._at(name, "written" if fields.get("verdict") == "error" else "labelled")
        elif record.kind == "unit-end":
            verdict, text = str(fields.get("verdict")), str(fields.get("text", ""))
            self.fixtures[name] = Known(serial, mac, "ended", verdict, text, record.time)
            if mac:
                self.units[mac] = verdict

    def _at(self, name: str, at: str) -> None:
        if name in self.fixtures:
            self.fixtures[name] = replace(self.fixtures[name], at=at)

    def count(self, verdict: str) -> int:
        """Units whose newest verdict is this."""
        return sum(newest == verdict for newest in self.units.values())

    def tell(self, fixtures: Iterable[Fixture], works: bool = False) -> list[str]:
        """One line for each fixture."""
        known = {fixture: self.fixtures.get(fixture.name) for fixture in fixtures}
        return [f"{fixture}: {each.words(works) if each else 'nothing is known'}" for fixture, each in known.items()]
