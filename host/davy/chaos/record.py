"""A board's own record of a run, kept outside it: what its wired line told, and what its pins showed.

The line is told an event only after the journal has it, so what was heard there has to be in the database in the end,
whatever died; and the pins say, without any frame, what must have had an event.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from davy.board.events import BoardEvent
from davy.codec import Decoded, Event, State, encode_frame

#: A siren that sounds again sooner is the same alarm beeping.
_SAME_SIREN_MS = 10_000
#: What the console of a firmware that is well never says, at the start of a line.
_TROUBLES = ("Traceback", "MemoryError", "davy: a report failed")
#: Kept of the console, for who looks at a failed run.
_CONSOLE_LINES = 200
#: How long the parts of the board need from a press to an open valve, and then some.
PRESS_OPENS_MS = 15_000


@dataclass(frozen=True)
class Told:
    """An event as the line told it: `frame` are its bytes, without COBS and without a seal."""

    session: int
    seq: int
    number: int
    kind: int
    command_id: int | None
    detail: int
    value: int
    frame: bytes


@dataclass
class Boot:
    """A life of the firmware, in virtual ms of its board. `session` is None until it was told."""

    began_ms: int
    cause: int
    session: int | None = None
    ended_ms: int | None = None
    #: How far its own clock was behind the wall clock at most: a busy machine does not hold the pace.
    lag_ms: int = 0
    #: When the siren began, and when the relay let the valve close, while there was power.
    sirens_ms: list[int] = field(default_factory=list)
    closings_ms: list[int] = field(default_factory=list)


@dataclass
class BoardRecord:
    """What is known of one board. `part` is its part in the cast (davy.chaos.plan)."""

    part: str
    identifier: str
    source: str
    told: list[Told] = field(default_factory=list)
    boots: list[Boot] = field(default_factory=list)
    presses_ms: list[int] = field(default_factory=list)
    openings_ms: list[int] = field(default_factory=list)
    #: Lines of the console that a firmware which is well does not print.
    troubles: list[str] = field(default_factory=list)
    cuts: int = 0
    #: As its newest state said: events that wait for the monitor, and None before the first.
    waiting: int | None = None
    now_ms: int = 0
    #: What had been told, and when, as the journal was seen to be empty at the end; None while it never was.
    drained: tuple[int, int] | None = None
    #: The run is over: nothing more is heard.
    closed: bool = False
    console: deque[str] = field(default_factory=lambda: deque(maxlen=_CONSOLE_LINES))
    _siren_until_ms: int = -_SAME_SIREN_MS

    def hear(self, event: BoardEvent) -> None:
        """One happening of the virtual board."""
        self.now_ms = event.t_ms
        handler = getattr(self, f"_{event.kind}", None)
        if handler is not None:
            handler(event)

    def unexplained_openings(self) -> list[int]:
        """Virtual ms at which the valve opened though nobody had pressed the button."""
        return [
            t_ms
            for t_ms in self.openings_ms
            if not any(0 <= t_ms - pressed_ms <= self._opens_within_ms(t_ms) for pressed_ms in self.presses_ms)
        ]

    def _opens_within_ms(self, t_ms: int) -> int:
        # Presses are timed by the wall clock, and the board of that moment may have been behind it.
        lived = [boot for boot in self.boots if boot.began_ms <= t_ms]
        return PRESS_OPENS_MS + (lived[-1].lag_ms if lived else 0)

    def _boot(self, event: BoardEvent) -> None:
        self._end(event.t_ms)
        self.boots.append(Boot(event.t_ms, event.data["cause"]))
        self.waiting = None

    def _power(self, event: BoardEvent) -> None:
        if not event.data["on"]:
            self.cuts += 1
            self._end(event.t_ms)

    def _reset(self, event: BoardEvent) -> None:
        self._end(event.t_ms)
        self.troubles.append(f"reset at {event.t_ms} ms: {event.data['why']}")

    def _end(self, t_ms: int) -> None:
        if self.boots and self.boots[-1].ended_ms is None:
            self.boots[-1].ended_ms = t_ms

    def _frame(self, event: BoardEvent) -> None:
        frame = event.data["frame"]
        if not isinstance(frame, Decoded):
            return
        if self.boots:
            boot = self.boots[-1]
            boot.session = frame.session
            boot.lag_ms = max(boot.lag_ms, event.t_ms - boot.began_ms - frame.uptime_ms)
        message = frame.message
        if isinstance(message, State):
            self.waiting = message.waiting_events
        elif isinstance(message, Event):
            data = encode_frame(*frame[:4], message)
            told = Told(
                frame.session,
                frame.seq,
                message.number,
                message.kind,
                message.command_id,
                message.detail,
                message.value,
                data,
            )
            self.told.append(told)
            self.waiting = None  # until a newer state says how many

    def _siren(self, event: BoardEvent) -> None:
        boot = self.boots[-1] if self.boots else None
        lives = boot is not None and boot.ended_ms is None
        is_new = event.t_ms - self._siren_until_ms >= _SAME_SIREN_MS
        if event.data["on"] and boot is not None and lives and (is_new or not boot.sirens_ms):
            boot.sirens_ms.append(event.t_ms)
        self._siren_until_ms = event.t_ms

    def _relay(self, event: BoardEvent) -> None:
        boot = self.boots[-1] if self.boots else None
        if not event.data["on"] and boot is not None and boot.ended_ms is None:
            boot.closings_ms.append(event.t_ms)

    def _valve(self, event: BoardEvent) -> None:
        if event.data["open"]:
            self.openings_ms.append(event.t_ms)

    def _button(self, event: BoardEvent) -> None:
        self.presses_ms.append(event.t_ms)

    def _console(self, event: BoardEvent) -> None:
        text = event.data["text"]
        self.console.append(f"{event.t_ms} {text}")
        if text.startswith(_TROUBLES):
            self.troubles.append(f"console at {event.t_ms} ms: {text}")
