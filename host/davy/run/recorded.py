"""A run as it was recorded: what expectations are judged by, and what JSON and HTML are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from davy.board.curves import Floats
from davy.board.replay import Segment
from davy.codec import Event, EventKind, State


@dataclass(frozen=True)
class RunEvent:
    """One line of the record: virtual ms, kind, words for people, data for programs."""

    t_ms: int
    kind: str
    text: str
    data: dict[str, Any]


@dataclass
class Recorded:
    """Everything that a run left behind. Series are at `t_s` (virtual seconds)."""

    duration_ms: int
    events: list[RunEvent] = field(default_factory=list)
    states: list[tuple[int, State]] = field(default_factory=list)
    told: list[tuple[int, Event]] = field(default_factory=list)
    #: (source, session, seq) of the events that the board told on its wired line.
    told_ids: list[tuple[str, int, int]] = field(default_factory=list)
    #: the same of the events in the monitor's database; None without a monitor
    stored_ids: list[tuple[str, int, int]] | None = None
    t_s: Floats = field(default_factory=lambda: np.zeros(0))
    truth: dict[str, Floats] = field(default_factory=dict)
    segments: tuple[Segment, ...] = ()

    def of_kind(self, kind: str) -> list[RunEvent]:
        """Events of one kind, in order."""
        return [event for event in self.events if event.kind == kind]

    def alarms(self, gas: int, level: int) -> list[int]:
        """Virtual ms at which a gas entered a level or a worse one."""
        return [
            t_ms for t_ms, event in self.told
            if event.kind == EventKind.ALARM and event.gas == gas and event.detail >= level
        ]  # fmt: skip

    def state_at(self, t_ms: int) -> State | None:
        """The newest state report at a time."""
        found = None
        for at, state in self.states:
            if at > t_ms:
                break
            found = state
        return found

    def value_at(self, kind: str, key: str, t_ms: int, default: Any) -> Any:
        """What the last event of a kind up to t_ms said."""
        value = default
        for event in self.events:
            if event.t_ms > t_ms:
                break
            if event.kind == kind:
                value = event.data[key]
        return value

    def true_ppm_at(self, gas: str, t_ms: int) -> float:
        """The room's concentration at a time."""
        return float(np.interp(t_ms / 1000, self.t_s, self.truth[gas]))

    def peak_ppm(self, gas: str) -> float:
        """The room's highest concentration."""
        return float(self.truth[gas].max()) if len(self.t_s) else 0.0
