"""The present of a virtual board: what time it is, what will happen when, and who is told of it."""

from __future__ import annotations

import abc
from collections.abc import Callable

from davy.board.agenda import Agenda
from davy.board.events import BoardEvent, Listener


class Present(abc.ABC):
    """Starts at 0 ms and never goes back."""

    def __init__(self, on_event: Listener | None) -> None:
        self.now_ms = 0
        self._listeners: list[Listener] = [] if on_event is None else [on_event]
        self._agenda = Agenda()
        self._epoch = 0  # of the powered life: what was queued for an earlier one does not reach this one

    @abc.abstractmethod
    def _passes(self, t_ms: int) -> None:
        """The world moves on to a time; `now_ms` is still the one before."""

    def emit(self, kind: str, **data: object) -> None:
        """Tell the listeners, at the present time."""
        for listener in self._listeners:
            listener(BoardEvent(self.now_ms, kind, data))

    def listen(self, listener: Listener) -> None:
        """Tell one more, from now on."""
        self._listeners.append(listener)

    def at(self, t_ms: int, action: Callable[[], None]) -> None:
        """Queue an action of the world outside, which stays true whatever happens to the board."""
        self._agenda.put(t_ms, action)

    def at_while_running(self, t_ms: int, action: Callable[[], None]) -> None:
        """Queue an action that lapses when this run of the board ends (power cut, reset)."""
        epoch = self._epoch
        self.at(t_ms, lambda: action() if epoch == self._epoch else None)

    def next_due_ms(self) -> int:
        """Time of the head of the queue."""
        return self._agenda.next_ms

    def run_due(self) -> bool:
        """Do what is due by now; True when there was anything."""
        return self._agenda.run(lambda: self.now_ms)

    def advance(self, t_ms: int) -> None:
        """Move the present on; time never goes back."""
        if t_ms > self.now_ms:
            self._passes(t_ms)
            self.now_ms = t_ms
