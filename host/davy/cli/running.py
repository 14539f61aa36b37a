"""What `davy run` and `davy demo` share: run, show, write, judge."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from davy.board.replay import Replay, load_replay, parse_map
from davy.files import check_writable, write_whole
from davy.image.boardfile import load_board
from davy.image.calibration import load_calibration
from davy.run.record import to_json
from davy.run.runner import Outcome, Run
from davy.run.scenario import Scenario, check_faults
from davy.run.timeline import Timeline


def run_and_report(
    scenario: Scenario,
    board: str,
    *,
    seed: int | None = None,
    speed: float | None = None,
    calibration_path: Path | None = None,
    replay: Path | None = None,
    columns: str = "",
    fit_to_replay: bool = False,
    json_path: Path | None = None,
    report_path: Path | None = None,
    quiet: bool = False,
) -> Outcome:
    """Everything that can be wrong with the input is found before the first thing happens. Raises InputError."""
    console = Console()
    spec = load_board(board)
    for path, option in ((json_path, "--json"), (report_path, "--report")):
        if path is not None:
            check_writable(path, option)
    check_faults(scenario, spec)
    calibration = load_calibration(calibration_path, spec) if calibration_path is not None else None
    replays: dict[str, Replay] = {}
    if replay is not None:
        replays = load_replay(replay, parse_map(columns))
        if fit_to_replay:
            scenario = replace(scenario, duration_ms=max(each.duration_ms for each in replays.values()))
        console.print(
            f"replaying {replay.name} with {columns}: real voltages of other sensors, no concentration is claimed"
        )
    with Timeline(scenario.duration_ms, console, quiet) as timeline:
        outcome = Run(
            scenario,
            spec,
            seed=seed,
            speed=speed,
            replays=replays,
            calibration=calibration,
            on_event=timeline.tell,
            on_time=timeline.advance,
        ).execute()
    if json_path is not None:
        write_whole(json_path, to_json(outcome))
    if report_path is not None:
        from davy.run.report import to_html

        write_whole(report_path, to_html(outcome))
    show_verdict(outcome, console)
    return outcome


def show_verdict(outcome: Outcome, console: Console) -> None:
    """The expectations as a table, and one line."""
    if outcome.verdicts:
        table = Table("expectation", "required", "measured", "margin", "verdict", box=None, pad_edge=False)
        for verdict in outcome.verdicts:
            word = Text("met", "green") if verdict.passed else Text("FAILED", "bold red")
            table.add_row(verdict.name, verdict.required, verdict.measured, verdict.margin, word)
        console.print(table)
    met = sum(verdict.passed for verdict in outcome.verdicts)
    said = f"{met} of {len(outcome.verdicts)} expectations met" if outcome.verdicts else "ran to the end"
    virtual_s = outcome.recorded.duration_ms / 1000
    console.print(
        f"{'PASS' if outcome.passed else 'FAIL'}: {outcome.scenario.title}: {said}; "
        f"{virtual_s:,.0f} s in {outcome.wall_s:.1f} s ({outcome.speed_up:,.0f} x), seed {outcome.seed}",
        style="bold green" if outcome.passed else "bold red",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
