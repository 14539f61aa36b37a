"""How far a unit is: steps for a person's screen, or lines of JSON for a program."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

STEPS = ("connect", "read", "write", "verify", "reset", "hello", "self_test")
Emit = Callable[[dict[str, Any]], None]


class Progress:
    """Tells `emit` of each step and how long it took. `fraction` is of the step, None when it cannot be known."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._step = ""
        self._began_s = 0.0
        self._told: tuple[str, float | None, str] = ("", None, "")
        self.seconds: dict[str, float] = {}

    @property
    def step(self) -> str:
        return self._step

    def at(self, step: str, fraction: float | None = None, text: str = "") -> None:
        """The present step, how far, and what is being done."""
        if step != self._step:
            self._close()
            self._step, self._began_s = step, time.monotonic()
        rounded = None if fraction is None else round(min(max(fraction, 0.0), 1.0), 2)
        if (step, rounded, text) != self._told:
            self._told = (step, rounded, text)
            self._emit({"event": "step", "step": step, "fraction": rounded, "text": text})

    def unit(self, chip: str, mac: str) -> None:
        """Which chip it is."""
        self._emit({"event": "unit", "chip": chip, "mac": mac})

    def end(self) -> dict[str, float]:
        """Seconds of each step."""
        self._close()
        self._step = ""
        return {step: round(seconds, 3) for step, seconds in self.seconds.items()}

    def _close(self) -> None:
        if self._step:
            spent_s = time.monotonic() - self._began_s
            self.seconds[self._step] = self.seconds.get(self._step, 0.0) + spent_s


def as_json_lines(event: dict[str, Any]) -> None:
    """For a program: one line an event, at once."""
    print(json.dumps(event), flush=True)
