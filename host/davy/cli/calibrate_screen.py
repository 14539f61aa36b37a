"""What a person sees of `davy calibrate`: a line for the present step with the live reading and its course, and the prompts."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from davy.errors import InputError

if TYPE_CHECKING:
    from davy.bench.calibration.guide import Gas
    from davy.bench.calibration.guide import Progress as Now

_WORDS = {
    "meet": "who is there", "warm": "sensor warms up", "clean": "clean air", "span": "span gas", "store": "store",
    "restart": "restart", "verify": "check in gas", "put_back": "put back",
}  # fmt: skip
_BARS = "▁▂▃▄▅▆▇█"
_COURSE = 40


def sparkline(values: list[int]) -> str:
    """The newest values, between the least and the most of them."""
    shown = values[-_COURSE:]
    low, high = min(shown), max(shown)
    return "".join(_BARS[(value - low) * (len(_BARS) - 1) // max(1, high - low)] for value in shown)


class CalibrateScreen:
    """`told` takes the guide's progress; `ask` waits for the person, or not when nobody is to be asked."""

    def __init__(self, span: str, window_s: float, nobody: bool) -> None:
        self.console = Console(highlight=False, soft_wrap=True)
        self._span, self._window_s, self._nobody = span, window_s, nobody
        self._bars: Progress | None = None
        self._task: TaskID | None = None
        self._step: tuple[str, int] | None = None
        self._course: list[int] = []

    def told(self, now: Now) -> None:
        """One look at the unit."""
        if (now.step, now.look) != self._step:
            self._begin(now)
        if now.uv is not None:
            self._course.append(now.uv)
        assert self._bars is not None and self._task is not None
        done = min(1.0, now.seconds / self._window_s) if now.step in ("clean", "span") else None
        self._bars.update(self._task, total=None if done is None else 1.0, completed=done or 0.0, text=self._text(now))

    def ask(self, gas: Gas, look: int) -> None:
        """Returns when the gas is on. Raises InputError when there is nobody at the terminal."""
        self.close()
        what = "clean air" if gas == "clean" else self._span
        self.console.print(f"[{look + 1}/4] apply {what}, wait until it flows, press Enter", markup=False)
        if not self._nobody and not sys.stdin.readline():
            raise InputError("standard input", "has ended: nobody applies the gas", "--yes goes on without asking")

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._bars is not None:
            self._bars.stop()
            self._bars = self._task = None
        self._step = None

    def _begin(self, now: Now) -> None:
        self.close()
        self._step = (now.step, now.look)
        self._course = []
        name = _WORDS[now.step]
        if not self.console.is_terminal:
            self.console.print(f"{name} ...", markup=False)
        self._bars = Progress(
            TextColumn("{task.description:>16}"),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[text]}", markup=False),
            console=self.console,
            disable=not self.console.is_terminal,
        )
        self._task = self._bars.add_task(name, total=None, text="")
        self._bars.start()

    def _text(self, now: Now) -> str:
        if now.step == "verify":
            return f"{now.ppm} ppm" if now.ppm is not None else "waits for a reading"
        if now.uv is None:
            return now.status.name.lower() if now.status is not None else ""
        seen = f"{now.seen.words()}{', steady' if now.seen.steady else ''}" if now.seen is not None else ""
        return f"{now.uv / 1000:.0f} mV {sparkline(self._course)} {seen}".rstrip()
