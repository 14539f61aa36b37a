"""The flashing tool as a process: what it is asked, and what its events say. docs/station.md holds the contract."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from davy.station.child import Child, Ended
from davy.station.decide import Broke, Cause, Probed
from davy.station.desk import one_line
from davy.station.outcome import EXIT_INPUT, EXIT_PASS, EXIT_RETRY, Outcome, from_result
from davy.station.serials import is_unit_mac


@dataclass(frozen=True)
class Flasher:
    """`argv` is how the tool is called; the rest of the command line is the contract."""

    argv: tuple[str, ...] = (sys.executable, "-m", "davy", "flash")

    def probe_command(self, port: str, lines: str = "") -> list[str]:
        """Say which chip is there; nothing is written."""
        return [*self.argv, *_at(port, lines), "--probe", "--events"]

    def flash_command(self, port: str, lines: str, mac: str, baud: int, image: Path, unit: Path) -> list[str]:
        """Write release and identity to that very chip, verify, start, test."""
        target = ["--expect-mac", mac, "--baud", str(baud), "--image", str(image), "--unit", str(unit)]
        return [*self.argv, *_at(port, lines), *target, "--events"]


def _at(port: str, lines: str) -> list[str]:
    return ["--port", port, *(["--lines", lines] if lines else [])]


class Listener:
    """Takes the tool's lines and keeps what counts: the unit, the result, the first line that is no event."""

    def __init__(self, on_step: Callable[[str, float | None, str], None], on_unit: Callable[[str], None]) -> None:
        self._on_step = on_step
        self._on_unit = on_unit
        self.step = ""
        self.mac = ""
        self.result: dict[str, Any] | None = None
        self.odd = ""

    def take(self, line: bytes) -> None:
        """One line of its stdout."""
        event = parse_event(line)
        if event is None:
            self.odd = self.odd or one_line(line.decode("utf-8", "replace"), 60) or "an empty line"
            return
        kind = event["event"]
        if kind == "step" and isinstance(event.get("step"), str):
            self.step = one_line(event["step"], 20)
            fraction, text = event.get("fraction"), event.get("text")
            known = isinstance(fraction, (int, float)) and not isinstance(fraction, bool)
            part = min(1.0, max(0.0, float(fraction or 0))) if known else None
            self._on_step(self.step, part, one_line(str(text or ""), 60))
        elif kind == "unit" and isinstance(event.get("mac"), str):
            self.mac = one_line(event["mac"].lower(), 24)
            self._on_unit(self.mac)
        elif kind == "result":
            self.result = event

    def died(self, ended: Ended, silence_s: float) -> str:
        """Why there is no result, in one line."""
        at = f" at step {self.step}" if self.step else ""
        if ended.silent:
            return f"the flash process said nothing for {silence_s:g} s{at} and was ended"
        if ended.signal:
            said = f"the flash process was ended by signal {ended.signal}{at}"
        else:
            said = f"the flash process gave no result{at} and exited with {ended.exit}"
        if self.odd:
            return one_line(f"{said}; it printed what is no event: {self.odd!r}")
        return one_line(f"{said}: {ended.error}") if ended.error else said


def parse_event(line: bytes) -> dict[str, Any] | None:
    """An object with a text `event`; None for anything else, numbers that are no JSON among it."""
    try:
        event = json.loads(line, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def probe(child: Child, port: str, silence_s: float) -> Probed | Broke:
    """Run a probe to its end."""
    heard = Listener(lambda step, fraction, text: None, lambda mac: None)
    ended = child.run(heard.take, silence_s)
    if heard.result is None:
        return Broke(Cause.DESK, f"{port}: {heard.died(ended, silence_s)}; start it again", again=True)
    outcome = from_result(heard.result, ended.exit, heard.mac)
    if outcome.exit == EXIT_INPUT:
        return Broke(Cause.INPUT, f"{port}: {outcome.text}")
    if outcome.exit != EXIT_PASS:
        return Broke(Cause.DESK, f"{port}: {outcome.text}; put a board on its pins and start it again", again=True)
    if not is_unit_mac(heard.mac):
        return Broke(Cause.DESK, f"{port}: {heard.mac or 'nothing'} is no unit's MAC; start it again", again=True)
    return Probed(heard.mac)


def flash(
    child: Child, mac: str, silence_s: float, on_step: Callable[[str, float | None, str], None]
) -> Outcome | Broke:
    """Run a try to its end. A unit other than `mac` is left alone: it would get a serial that is not its own."""
    other: list[str] = []

    def on_unit(found: str) -> None:
        if found != mac:
            other.append(one_line(found, 20))
            child.stop()

    heard = Listener(on_step, on_unit)
    ended = child.run(heard.take, silence_s)
    if other:
        return Broke(Cause.DESK, f"unit {other[0]} is there, not {mac} that was probed; start it again")
    if heard.result is None:
        return Outcome(EXIT_RETRY, heard.step, heard.died(ended, silence_s), heard.mac)
    return from_result(heard.result, ended.exit, heard.mac)
