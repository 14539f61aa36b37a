"""What a person sees of `davy flash`: a bar for the present step, a line for each that is done, a verdict."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

_WORDS = {
    "connect": "connect", "read": "read", "write": "write", "verify": "verify", "reset": "reset", "hello": "answer",
    "self_test": "self-test",
}  # fmt: skip
_COLOURS = {"pass": "bold green", "fail": "bold red", "error": "bold red"}


class FlashScreen:
    """`show` takes the events of `davy.flash.progress`."""

    def __init__(self, port: str) -> None:
        self._console = Console(highlight=False)
        self._errors = Console(stderr=True, highlight=False, soft_wrap=True)
        self._bars = Progress(
            TextColumn("{task.description:>10}"),
            BarColumn(),
            TextColumn("{task.fields[text]}", markup=False),
            TimeElapsedColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._bars.start()
        self._port = port
        self._step = ""
        self._tasks: dict[str, TaskID] = {}

    def show(self, event: dict[str, Any]) -> None:
        """One event."""
        if event["event"] == "step":
            self._show_step(event)
        elif event["event"] == "unit":
            self._console.print(f"{self._port}: {event['chip']}, MAC {event['mac']}", markup=False)
        else:
            if event["verdict"] == "pass" and self._step:
                self._bars.update(self._tasks[self._step], total=1, completed=1, text="")
            self.close()
            said = (
                f"davy: {event['text']}"
                if event["verdict"] == "error"
                else f"{event['verdict'].upper()}: {event['text']}"
            )
            console = self._errors if event["verdict"] == "error" else self._console
            console.print(said, style=_COLOURS[event["verdict"]], markup=False, soft_wrap=True)

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._bars.stop()

    def _show_step(self, event: dict[str, Any]) -> None:
        # One bar a step, also for those that come again, as writing and verifying do with each piece.
        step, fraction = event["step"], event["fraction"]
        if step != self._step:
            if self._step:
                self._bars.update(self._tasks[self._step], total=1, completed=1, text="")
            if step not in self._tasks:
                self._tasks[step] = self._bars.add_task(_WORDS[step], total=None, text="")
                if not self._console.is_terminal:
                    self._console.print(f"{_WORDS[step]} ...", markup=False)
            self._step = step
        total = None if fraction is None else 1.0
        self._bars.update(self._tasks[step], total=total, completed=fraction or 0.0, text=event["text"])
