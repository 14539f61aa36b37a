"""A clause of a standard as a run: what is required, how it is tried, what was measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from davy.board.room import RoomConfig
from davy.run.recorded import Recorded
from davy.run.scenario import Action, Reporting, Scenario, Values

#: When a trial begins: preheat over, valve opened by the button, CO read for the first time.
READY_MS = 320_000
_BUTTON_MS = 200_000


@dataclass(frozen=True)
class Measured:
    """Outcome of one clause. `value` and the limits are in `unit`; None where there is no number or no bound."""

    value: float | None
    low: float | None
    high: float | None
    unit: str
    passed: bool
    note: str = ""

    @property
    def required(self) -> str:
        if self.low is not None and self.high is not None:
            return f"{self.low:g} .. {self.high:g} {self.unit}"
        if self.high is not None:
            return f"at most {self.high:g} {self.unit}"
        if self.low is None:
            return "none"
        return f"{'not before' if self.unit in ('s', 'min') else 'at least'} {self.low:g} {self.unit}"

    @property
    def measured(self) -> str:
        return "never" if self.value is None else f"{self.value:.4g} {self.unit}"

    @property
    def margin(self) -> str:
        """Distance to the nearer limit."""
        if self.value is None:
            return ""
        gaps = [gap for gap in (self._above_low(), self._below_high()) if gap is not None]
        return f"{min(gaps):+.3g} {self.unit}" if gaps else ""

    def _above_low(self) -> float | None:
        return None if self.low is None or self.value is None else self.value - self.low

    def _below_high(self) -> float | None:
        return None if self.high is None or self.value is None else self.high - self.value


Judge = Callable[[Recorded], Measured]


@dataclass(frozen=True)
class Clause:
    """`mark`: S read in a source, W in a weak one, R recalled and unconfirmed, D davy's own. `core`: no firmware run.

    `needs_heater_sense`: a board without a shunt in the heater's line cannot tell. `to_siren_ms`: nothing after the siren's
    first sound from that time on matters, so the run ends there.
    """

    profile: str
    name: str
    text: str
    mark: str
    scenario: Scenario | None
    judge: Judge
    core: bool = False
    to_siren_ms: int | None = None
    needs_heater_sense: bool = False


def within(value: float | None, low: float | None, high: float | None, unit: str, note: str = "") -> Measured:
    """A value that must come, and lie inside."""
    passed = value is not None and (low is None or value >= low) and (high is None or value <= high)
    return Measured(value, low, high, unit, passed, note)


def never_before(value: float | None, low: float, unit: str, note: str = "") -> Measured:
    """A value that may stay away, and must not come earlier."""
    return Measured(value, low, None, unit, value is None or value >= low, note)


def trial(
    title: str, minutes: float, actions: list[Action], *, state_ms: int = 10_000, room: RoomConfig | None = None
) -> Scenario:
    """A scenario that is ready at READY_MS and then lasts so many minutes; actions count from READY_MS."""
    opened = Action(_BUTTON_MS, "button", {"hold_ms": 200})
    moved = [Action(READY_MS + action.t_ms, action.kind, action.values) for action in actions]
    ordered = tuple(sorted([opened, *moved], key=lambda action: action.t_ms))
    reporting = Reporting(wifi=False, broker=False, serial_state_ms=state_ms, mqtt_state_ms=0)
    return Scenario(title, READY_MS + round(minutes * 60_000), 1, room or RoomConfig(), reporting, ordered, ())


def force(gas: str, ppm: float, at_ms: int = 0) -> Action:
    """Hold the room at a concentration."""
    values: Values = {"gas": gas, "ppm": ppm}
    return Action(at_ms, "force", values)


def siren_after(recorded: Recorded, since_ms: int = READY_MS) -> int | None:
    """Virtual ms from since_ms to the first sound of the siren."""
    return next((e.t_ms - since_ms for e in recorded.of_kind("siren") if e.data["on"] and e.t_ms >= since_ms), None)


def in_seconds(ms: int | None) -> float | None:
    return None if ms is None else ms / 1000


def in_minutes(ms: int | None) -> float | None:
    return None if ms is None else ms / 60_000
