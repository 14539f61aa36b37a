"""`davy chaos`: boards, broker and monitor as processes, hurt by seed, and every event counted."""

from __future__ import annotations

import enum
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from davy.errors import EXIT_FAILED, EXIT_OK, InputError

if TYPE_CHECKING:
    from davy.chaos import Outcome, Report

_MOST_SHOWN = 5


class BrokerChoice(str, enum.Enum):
    """What --broker takes."""

    MOSQUITTO = "mosquitto"
    AMQTT = "amqtt"
    BOTH = "both"


def chaos(
    runs: Annotated[
        int | None, typer.Option(help="How many; 20, or with --minutes as many as there is time for.", min=1)
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the first run; each further one takes the next.", min=0)] = 1,
    broker: Annotated[BrokerChoice, typer.Option(help="Which broker; with both, they take turns.")] = BrokerChoice.BOTH,
    tls: Annotated[bool, typer.Option("--tls/--plain", help="MQTT over TLS with certificates, or without.")] = True,
    lanes: Annotated[int, typer.Option(help="Runs side by side.", min=1, max=64)] = 2,
    keep: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Leave flash, database and logs of failed runs here.")
    ] = None,
    minutes: Annotated[float | None, typer.Option(help="Begin no run after so long.", min=0.05)] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Tell each run line by line, one at a time.")
    ] = False,
) -> int:
    """Kill, cut, corrupt and forge by a seeded plan; then compare what each board said with what the monitor stored.

    Exit status 1 when an event was lost, stored twice or taken from a stranger, or anything else is not as it must be; the
    command that repeats the run is shown.

    Examples:

      davy chaos --runs 100

      davy chaos --seed 17 --runs 1 --broker amqtt -v

      davy chaos --minutes 30 --keep failed
    """
    from davy.chaos import BROKERS
    from davy.chaos.broker_process import require_broker

    brokers = list(BROKERS) if broker is BrokerChoice.BOTH else [broker.value]
    for name in brokers:
        require_broker(name)
    if keep is not None:
        if keep.exists() and not keep.is_dir():
            raise InputError("--keep", f"{keep} is no folder", "name a folder; it is made if it is not there")
        keep.mkdir(parents=True, exist_ok=True)
    wanted = 20 if runs is None and minutes is None else runs
    with tempfile.TemporaryDirectory(prefix="davy-chaos-world-") as name:
        folder = Path(name)
        if verbose:
            report = _told(folder, wanted, seed, brokers, tls, keep, minutes)
        else:
            report = _counted(folder, wanted, seed, brokers, tls, lanes, keep, minutes)
    _show(report, keep)
    return EXIT_FAILED if report.failed else EXIT_OK


def _told(
    folder: Path, runs: int | None, seed: int, brokers: list[str], tls: bool, keep: Path | None, minutes: float | None
) -> Report:
    from davy.chaos import run_here

    def say(line: str) -> None:
        print(line, flush=True)

    return run_here(folder, runs=runs, seed=seed, brokers=brokers, tls=tls, keep=keep, minutes=minutes, say=say)


def _counted(
    folder: Path,
    runs: int | None,
    seed: int,
    brokers: list[str],
    tls: bool,
    lanes: int,
    keep: Path | None,
    minutes: float | None,
) -> Report:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from davy.chaos import run_many

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns) as progress:
        task = progress.add_task("runs", total=runs)

        def ended(outcome: Outcome) -> None:
            progress.advance(task)
            for violation in outcome.violations[:_MOST_SHOWN]:
                progress.console.print(
                    f"seed {outcome.plan.seed} ({outcome.plan.broker}): {violation.verdict}: {violation.words}",
                    markup=False,
                    highlight=False,
                    soft_wrap=True,
                )

        return run_many(
            folder,
            runs=runs,
            seed=seed,
            brokers=brokers,
            tls=tls,
            lanes=lanes,
            keep=keep,
            minutes=minutes,
            on_outcome=ended,
        )


def _show(report: Report, keep: Path | None) -> None:
    from rich.console import Console

    from davy.chaos.summary import table, verdict

    console = Console(soft_wrap=True)
    console.print(table(report))
    for outcome in report.failed:
        kept = f"   kept in {outcome.kept}" if outcome.kept is not None else ""
        console.print(f"repeat: {outcome.repeat}{kept}", markup=False, highlight=False)
    if report.failed and keep is None:
        console.print("with --keep DIR everything of a failed run is left there", markup=False)
    console.print(verdict(report), style="bold red" if report.failed else "bold green", markup=False, highlight=False)
