"""`davy conform`: the clauses of the standards, on the whole firmware."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from davy.errors import EXIT_FAILED, InputError


def conform(
    profile: Annotated[
        str, typer.Option(help="gb15322_household, gb15322_commercial, en50291, ul2034, or all.")
    ] = "all",
    board: Annotated[str, typer.Option(help="Board to emulate: a name under boards/, or a board.toml.")] = "virtual",
    seed: Annotated[int, typer.Option(help="Seed of noise, drift and tolerances.", min=0, max=2**32 - 1)] = 1,
    json_: Annotated[bool, typer.Option("--json", help="Print the record as JSON instead of a table.")] = False,
    report: Annotated[Path | None, typer.Option(help="Write a self-contained HTML page with plots.")] = None,
) -> int:
    """Try each clause as a scenario on the whole firmware, in virtual time, on a calibrated unit.

    Prints clause, source mark, required, measured, margin and verdict. A requirement that is only recalled (mark R) and
    not met is shown, and does not fail the run. Exit status 0 when every confirmed requirement is met.
    """
    from rich.console import Console
    from rich.table import Table

    from davy.files import check_writable, write_whole
    from davy.image.boardfile import load_board
    from davy.run.conform import conform as try_all
    from davy.run.conform import to_json
    from safety.profile import PROFILES

    if profile != "all" and profile not in PROFILES:
        raise InputError("--profile", f"{profile!r} is not known", f"all, or one of {', '.join(PROFILES)}")
    if report is not None:
        check_writable(report, "--report")
    spec = load_board(board)
    progress = Console(stderr=True)
    with progress.status("trying clauses"):
        conformity = try_all(
            spec,
            None if profile == "all" else profile,
            seed,
            lambda tried: (
                progress.print(f"{tried.verdict:>20}  {tried.clause.profile}: {tried.clause.name}", markup=False)
                if sys.stderr.isatty()
                else None
            ),
        )
    if report is not None:
        from davy.run.conform_page import to_html

        write_whole(report, to_html(conformity))
    if json_:
        print(to_json(conformity), end="")
        return 0 if conformity.passed else EXIT_FAILED
    console = Console()
    for name in dict.fromkeys(each.clause.profile for each in conformity.tried):
        table = Table("clause", "mark", "required", "measured", "margin", "verdict", box=None, pad_edge=False)
        for each in conformity.tried:
            if each.clause.profile != name:
                continue
            style = "green" if each.measured.passed else "bold red" if each.confirmed else "yellow"
            measured = each.measured
            table.add_row(
                f"{each.clause.name}{' (decision core)' if each.clause.core else ''}", each.clause.mark,
                measured.required, measured.measured, measured.margin, f"[{style}]{each.verdict}[/]",
            )  # fmt: skip
        console.print(name, style="bold", highlight=False)
        console.print(table)
        console.print()
    met = sum(each.measured.passed for each in conformity.tried)
    console.print(
        f"{'PASS' if conformity.passed else 'FAIL'}: {met} of {len(conformity.tried)} clauses met "
        f"on board {spec.name}, seed {seed}, in {conformity.wall_s:.0f} s",
        style="bold green" if conformity.passed else "bold red",
        highlight=False,
    )
    return 0 if conformity.passed else EXIT_FAILED
