"""A run for people: one line for what matters, and a bar while it goes."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from davy import codec
from davy.board.events import BoardEvent
from davy.codec import Decoded, EventKind, Hello, State
from davy.run.duration import show_ms
from davy.run.recorded import RunEvent

#: A siren that pauses is said once, not at each tone.
_SAME_SOUND_MS = 11_000
_STYLES = {
    "ALARM": "bold red",
    "FAULT": "yellow",
    "shut": "bold red",
    "open": "green",
    "stored": "cyan",
}


def translate(event: BoardEvent) -> RunEvent:
    """A board's event with words and JSON-able data."""
    if event.kind == "frame":
        return _frame(event.t_ms, event.data["frame"])
    return RunEvent(event.t_ms, event.kind, _words(event), dict(event.data))


def _frame(t_ms: int, frame: codec.Decoded | codec.Rejected) -> RunEvent:
    text = codec.describe(frame)
    if not isinstance(frame, Decoded):
        return RunEvent(t_ms, "frame_refused", text, {"reason": frame.text})
    fields: dict[str, Any] = {
        name: value.hex() if isinstance(value, bytes) else value for name, value in frame.message._asdict().items()
    }
    kind = "state" if isinstance(frame.message, State) else "hello" if isinstance(frame.message, Hello) else "event"
    return RunEvent(t_ms, kind, text, {"session": frame.session, "seq": frame.seq, **fields})


def _words(event: BoardEvent) -> str:
    data = event.data
    templates = {
        "power": "power on" if data.get("on") else "power cut",
        "boot": "boots, reset cause {cause}",
        "reset": "reset, {why}",
        "console": "{text}",
        "relay": "valve relay on" if data.get("on") else "valve relay off",
        "valve": "valve is open" if data.get("open") else "valve is shut",
        "siren": "siren sounds" if data.get("on") else "siren silent",
        "lamp": "lamp {colours}",
        "heater": "CO heater {duty_permille} permille",
        "wifi": "Wi-Fi {state}",
        "net": "network: {what}",
        "button": "button held for {hold_ms} ms",
        "fault": "{text}",
    }
    return templates.get(event.kind, event.kind).format(**data)


class Timeline:
    """Prints lines as they come; with a bar when somebody watches a terminal."""

    def __init__(self, duration_ms: int, console: Console, quiet: bool = False) -> None:
        self._console = console
        self._quiet = quiet
        self._duration_ms = duration_ms
        self._sounded_ms = -_SAME_SOUND_MS
        self._progress = Progress(
            TextColumn("{task.fields[clock]}"),
            BarColumn(None),
            TextColumn("{task.percentage:3.0f} %"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("run", total=duration_ms, clock=show_ms(0))

    def __enter__(self) -> Timeline:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def advance(self, t_ms: int) -> None:
        """Move the bar."""
        self._progress.update(self._task, completed=t_ms, clock=show_ms(t_ms))

    def tell(self, event: RunEvent) -> None:
        """Print a line if the event matters to a person."""
        if self._quiet or not self._matters(event):
            return
        source = {"do": "room", "fault": "room", "stored": "monitor"}.get(event.kind, "board")
        style = next((style for word, style in _STYLES.items() if word in event.text), "")
        if event.kind == "do":
            style = "magenta"
        self._console.print(
            f"{show_ms(event.t_ms):>11}  {source:<8} {event.text}", style=style, markup=False, highlight=False
        )

    def _matters(self, event: RunEvent) -> bool:
        if event.kind == "siren":
            sounded_ms, self._sounded_ms = self._sounded_ms, event.t_ms
            return bool(event.data["on"]) and event.t_ms - sounded_ms > _SAME_SOUND_MS
        if event.kind in ("event", "stored"):
            dull = (EventKind.BUTTON, EventKind.VALVE, EventKind.BOOT)
            return event.data.get("kind") not in dull
        return event.kind in (
            "do", "power", "boot", "reset", "console", "valve", "wifi", "fault", "hello", "frame_refused",
        )  # fmt: skip
