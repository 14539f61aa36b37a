"""`davy station`: a production bench, its log, and what it knows."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from davy.errors import EXIT_FAILED, InputError


class _StationFirst(TyperGroup):
    """`davy station STATION.toml` is `davy station run STATION.toml`; a file called like a command is ./verify."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["run", *args]
        return super().parse_args(ctx, args)


station = typer.Typer(
    cls=_StationFirst,
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="""A production station: [b]davy station STATION.toml[/b] flashes, tests and labels units on N fixtures at once.

    Examples:

      davy station bench1.toml

      davy station bench1.toml --auto

      davy station status bench1.toml

      davy station verify bench1.log
    """,
    epilog="Exit status: 0 all well, 1 a unit failed or a log is broken, 2 bad input, 3 the desk (disk, port, board).",
)


@station.command()
def run(
    file: Annotated[Path, typer.Argument(metavar="STATION.toml", help="The station, as data: docs/station.md.")],
    auto: Annotated[bool, typer.Option("--auto", help="Start each fixture once, without keys, and end.")] = False,
) -> int:
    """Flash, test and label units. `run` may be left out."""
    from davy.station.config import load_config
    from davy.station.session import run_station

    return run_station(load_config(file), auto)


@station.command()
def verify(
    log: Annotated[Path, typer.Argument(metavar="LOG", help="A station's log.")],
    holds: Annotated[
        str | None, typer.Option(help="A hash kept elsewhere; the line with that SHA-256 must be in the log.")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON.")] = False,
) -> int:
    """Prove that a log is whole, or name its first bad record. Exit status 1 if it is not."""
    from davy.station.chain import FIRST_PREV
    from davy.station.log import holds_line, read_log

    if holds is not None and (len(holds) != len(FIRST_PREV) or set(holds) - set("0123456789abcdef")):
        raise InputError(
            "--holds", f"{holds!r} will not do", "64 digits of hexadecimal, as a station prints at its end"
        )
    records, head, broken = read_log(log)
    missing = holds is not None and broken is None and not holds_line(log, holds)
    whole = broken is None and not missing
    if json_:
        verdict = {"log": str(log), "whole": whole, "records": head.seq, "newest": head.line_sha256}
        verdict["first_bad"] = asdict(broken) if broken else None
        print(json.dumps(verdict | ({"holds": not missing} if holds else {})))
    elif broken is not None:
        print(f"{log}:{broken.line}: {broken.what}; the {head.seq} records before it are sound")
    elif missing:
        print(
            f"{log}: {head.seq} records follow one another, and none is {holds}: lines were cut off, or it is another log"
        )
    else:
        span = f", {records[0].time} to {records[-1].time}" if records else ""
        print(f"{log}: whole: {head.seq} records{span}; the newest is {head.line_sha256}")
    return 0 if whole else EXIT_FAILED


@station.command()
def status(
    file: Annotated[Path, typer.Argument(metavar="STATION.toml", help="The station.")],
    json_: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> int:
    """What the log and the serial file know: each fixture's last result, units without a verdict, counts, free serials."""
    from davy.station.status import look, to_lines

    found = look(file)
    print(json.dumps(asdict(found)) if json_ else "\n".join(to_lines(found)))
    return 0
