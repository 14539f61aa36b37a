"""`davy run`: a scenario on a virtual board."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from davy.errors import EXIT_FAILED, InputError

_DEFAULT_MAP = "mq4=MQ5,mq7=MQ7"


def parse_speed(text: str) -> float | None:
    """None for `max`, virtual seconds a wall second otherwise. Raises InputError."""
    if text == "max":
        return None
    if text == "real":
        return 1.0
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not 0 < speed <= 100_000:
        raise InputError("--speed", f"{text!r} will not do", "max, real, or a number such as 10")
    return speed


def run(
    scenario: Annotated[
        str | None,
        typer.Argument(help="A scenario's .toml file, or the bare name of a shipped one.", show_default=False),
    ] = None,
    board: Annotated[str, typer.Option(help="Board to emulate: a name under boards/, or a board.toml.")] = "virtual",
    seed: Annotated[
        int | None, typer.Option(help="Seed of noise, drift and tolerances (the scenario's).", min=0, max=2**32 - 1)
    ] = None,
    speed: Annotated[str, typer.Option(help="max, real, or virtual seconds a second.")] = "max",
    calibration: Annotated[
        Path | None, typer.Option(help="A unit's calibration (JSON); else the types' nominal values.")
    ] = None,
    replay: Annotated[Path | None, typer.Option(help="CSV of a real recording to feed through the ADC.")] = None,
    map_: Annotated[str, typer.Option("--map", help="Which column stands in for which sensor.")] = _DEFAULT_MAP,
    json_: Annotated[Path | None, typer.Option("--json", help="Write every event to this file.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write a self-contained HTML page with plots.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only the verdict.")] = False,
) -> int:
    """Run a SCENARIO on a virtual board: the firmware a board gets, in a room, in virtual time.

    Examples:

      davy run kitchen_leak

      davy run my.toml --seed 7 --json out.json --report out.html

      davy run --replay recording.csv --map mq4=MQ5,mq7=MQ7 --report out.html
    """
    # Imported here, so that --help is there at once.
    from davy.cli.running import run_and_report
    from davy.run.scenario import find_scenario, load_scenario

    if scenario is None and replay is None:
        raise InputError("SCENARIO", "is missing", "a .toml file, a shipped scenario's name, or --replay FILE.csv")
    chosen = load_scenario(find_scenario(scenario or "replay"))
    outcome = run_and_report(
        chosen,
        board,
        seed=seed,
        speed=parse_speed(speed),
        calibration_path=calibration,
        replay=replay,
        columns=map_,
        fit_to_replay=scenario is None,
        json_path=json_,
        report_path=report,
        quiet=quiet,
    )
    return 0 if outcome.passed else EXIT_FAILED
