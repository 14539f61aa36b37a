"""`davy bench history` and `davy bench trend`: what past runs say of one device, and of one measurement over all."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from davy.errors import EXIT_FAILED, EXIT_OK, InputError
from davy.files import check_writable, write_whole

if TYPE_CHECKING:
    from davy.bench.history import PastRun
    from davy.bench.trend import Trend

Records = Annotated[
    Path, typer.Option("--records", metavar="DIR", help="The folder that davy bench run writes its records to.")
]
_MOST_COLUMNS = 400
_ENDINGS = (".html", ".svg", ".png")
_COLOURS = {"pass": "green", "marginal": "yellow", "fail": "bold red", "error": "bold magenta", "skip": "dim"}


def history(
    serial: Annotated[
        str | None, typer.Argument(metavar="[SN]", help="Serial of a device; without it, of all.", show_default=False)
    ] = None,
    records: Records = Path("records"),
    last: Annotated[int, typer.Option("--last", metavar="N", help="How many of the newest.", min=1)] = 100,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Add the records that the history does not know yet, first.")
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False,
) -> int:
    """Past runs, newest first, each with whether its record is still the one that was written.

    Exit status 1 when a record was changed since, or is gone.

    Examples:

      davy bench history GA26000001

      davy bench history --rebuild --records /srv/records
    """
    from davy.bench import history as past

    if not records.is_dir():
        raise InputError("--records", f"there is no folder {records}", "name the one that davy bench run writes to")
    changed: tuple[str, ...] = ()
    if rebuild:
        done = past.rebuild(records)
        changed = done.changed
        if not json_:
            print(f"{done.added} records added, {done.known} known")
            for name in done.unreadable:
                print(f"{name}: is no record of davy bench, left out")
    found = past.runs(records, serial, last)
    if serial is not None and not found:
        raise InputError(serial, f"has no run in {records}", "davy bench history lists all")
    if json_:
        print(json.dumps([asdict(each) for each in found], indent=1, ensure_ascii=False))
    else:
        _show_runs(found)
    return EXIT_FAILED if changed or any(each.file_state != "whole" for each in found) else EXIT_OK


def trend(
    measurement: Annotated[str, typer.Argument(metavar="MEASUREMENT", help="Its name, as valve_close_time.")],
    records: Records = Path("records"),
    phase: Annotated[
        str | None, typer.Option("--phase", metavar="NAME", help="The test, where several take this measurement.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write a page (.html) or the plot (.svg, .png)."),
    ] = None,
    last: Annotated[
        int | None, typer.Option("--last", metavar="N", help="Of the newest so many units; of all without it.", min=1)
    ] = None,
    every_run: Annotated[
        bool, typer.Option("--every-run", help="Every run counts, not the newest of each unit.")
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> int:
    """One measurement over units: mean, spread, Cpk, outliers, and a warning when it drifts towards a limit.

    Exit status 1 with such a warning.

    Examples:

      davy bench trend valve_close_time

      davy bench trend valve_close_time --last 200 -o trend.html
    """
    from davy.bench import trend as judged
    from davy.bench import trend_plot

    if output is not None:
        if output.suffix.lower() not in _ENDINGS:
            raise InputError("-o", f"{output.name} has another ending", f"one of {', '.join(_ENDINGS)}")
        check_writable(output, "-o")
    found = judged.trend(records, measurement, phase, last, every_run)
    warning = found.drift is not None and found.drift.warning
    if output is not None:
        ending = output.suffix.lower()
        content: str | bytes = (
            trend_plot.to_html(found)
            if ending == ".html"
            else trend_plot.plot(found, "svg" if ending == ".svg" else "png")
        )
        write_whole(output, content)
    if json_:
        print(json.dumps(_trend_json(found), indent=1, ensure_ascii=False))
    else:
        _show_trend(found)
        if output is not None:
            print(f"written: {output}")
    return EXIT_FAILED if warning else EXIT_OK


def _trend_json(found: Trend) -> dict[str, Any]:
    values = found.values
    drift = None if found.drift is None else {**asdict(found.drift), "warning": found.drift.warning}
    return {
        **asdict(found),
        "n": len(values),
        "min": min(values, default=None),
        "max": max(values, default=None),
        "drift": drift,
    }


def _show_runs(found: list[PastRun]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from davy.bench.words import SIGNS, utc_text

    # Never cut to the terminal's width: half a serial is worth nothing.
    console = Console(width=_MOST_COLUMNS, highlight=False)
    if not found:
        console.print("no run yet")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("began", "device", "bench", "outcome", "measured", "marginal", "failed", "record"):
        table.add_column(name, justify="right" if name in ("measured", "marginal", "failed") else "left")
    for each in found:
        outcome = "bench error" if each.outcome == "error" else each.outcome
        table.add_row(
            utc_text(each.started_ms),
            Text(each.serial or "unknown"),
            Text(each.bench),
            Text(f"{SIGNS[each.outcome]} {outcome}", style=_COLOURS[each.outcome]),
            str(each.measured),
            str(each.marginal),
            str(each.failed),
            Text(each.file_state, style="" if each.file_state == "whole" else "bold red"),
        )
    console.print(table)
    for each in found:
        if each.file_state == "changed":
            _line(console, f"{each.file}: is not what was written (SHA-256 {each.sha256} then)")
        elif each.file_state == "missing":
            _line(console, f"{each.file}: is gone")
        elif each.outcome in ("error", "fail") and each.why:
            _line(console, f"{each.file}: {each.cause + ': ' if each.cause else ''}{each.why}")


def _show_trend(found: Trend) -> None:
    from rich.console import Console
    from rich.table import Table

    from davy.bench.trend_plot import drift_text, figures, sparkline

    console = Console()
    _line(console, f"{found.measurement} ({found.phase})")
    _line(console, sparkline(found.values))
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, text in figures(found):
        table.add_row(name, text)
    console.print(table)
    warned = found.drift is not None and found.drift.warning
    console.print(
        drift_text(found), markup=False, highlight=False, soft_wrap=True, style="bold yellow" if warned else ""
    )
    for at in found.outliers:
        point = found.points[at]
        _line(console, f"outlier: {point.serial or 'unknown'} {point.value:g} {found.unit}")


def _line(console: Any, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
