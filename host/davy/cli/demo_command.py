"""`davy demo`: the product's main job, once, for people who look."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from davy.errors import EXIT_FAILED, InputError


def demo(
    out: Annotated[Path, typer.Option(help="Folder for run.json and report.html.")] = Path("build/demo"),
) -> int:
    """A leak in a kitchen: alarm, valve shut, gas decays, event stored and acknowledged.

    Writes run.json and report.html; exit status 0 only if every expectation was met.
    """
    from davy.cli.running import run_and_report
    from davy.run.scenario import find_scenario, load_scenario

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("--out", f"{out} cannot be made: {error.strerror}", "name a folder of yours") from error
    scenario = load_scenario(find_scenario("kitchen_leak"))
    outcome = run_and_report(scenario, "virtual", json_path=out / "run.json", report_path=out / "report.html")
    print(f"look at {out / 'report.html'}; every event is in {out / 'run.json'}")
    return 0 if outcome.passed else EXIT_FAILED
