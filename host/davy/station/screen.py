"""The station for the eyes: a table with a bar for each fixture on a terminal, a line for each change anywhere else."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from davy.station.decide import AT_REST, Stage
from davy.station.tally import Tally
from davy.station.worker import View

_STYLES = {
    Stage.IDLE: "dim", Stage.PASSED: "bold green", Stage.FAILED: "bold white on red", Stage.NOT_JUDGED: "bold yellow",
}  # fmt: skip
KEYS = "1..9 start that fixture   a all   s and a number: stop it   q quit"


def render(name: str, views: list[View], tally: Tally, elapsed_s: float, prompt: str) -> RenderableType:
    """What stands on the screen now; `prompt` is what the keys would do, or what was just asked."""
    table = Table(title=f"station {name}", title_justify="left", box=None, pad_edge=False, expand=True)
    for heading, width in (("", 1), ("fixture", None), ("state", 10), ("progress", 16)):
        table.add_column(heading, width=width, no_wrap=True)
    table.add_column("serial", no_wrap=True, min_width=10)
    table.add_column("MAC", no_wrap=True, min_width=17)
    table.add_column("try", no_wrap=True, min_width=8)
    table.add_column("last", ratio=1, overflow="fold")
    for view in views:
        now, rests = view.progress, view.progress.stage in AT_REST
        tried = f"{now.attempt} @{now.baud // 1000}k" if now.attempt else ""
        last = now.text if rests else view.detail or now.text
        table.add_row(
            str(view.fixture.number),
            Text(f"{view.fixture.name} {_place(view)}"),
            Text(now.stage.value, _STYLES.get(now.stage, "cyan")),
            Text("") if rests else ProgressBar(total=1.0, completed=view.fraction, width=16),
            Text(now.serial + (" *" if now.rework else "")),
            Text(now.mac),
            Text(tried),
            Text(last),
        )
    return Group(table, Text(""), Text(_counts(tally, elapsed_s)), Text(prompt, "dim"))


def _place(view: View) -> str:
    port = view.port or view.fixture.port or f"usb {view.fixture.usb}"
    return port.removeprefix("/dev/")


def _counts(tally: Tally, elapsed_s: float) -> str:
    share, rate = tally.yield_percent(), tally.per_hour(elapsed_s)
    return (
        f"{tally.words()} (*)   yield {'-' if share is None else f'{share:.1f} %'}   "
        f"{'-' if rate is None else f'{rate:.0f}'} units/h"
    )


def change_line(view: View) -> str:
    """What a fixture does or came to, as a line."""
    now = view.progress
    unit = f" {now.serial}" if now.serial else f" {now.mac}" if now.mac else ""
    tried = f", try {now.attempt} at {now.baud} baud" if now.stage is Stage.FLASHING else ""
    again = " (rework)" if now.rework and now.stage in AT_REST else ""
    text = f": {now.text}" if now.text and now.text != now.stage.value else ""
    return f"{view.fixture}: {now.stage.value}{unit}{tried}{again}{text}"
