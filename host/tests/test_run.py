"""Scenario runs, whole: firmware, board, room, broker, monitor."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from davy.board.replay import load_replay
from davy.errors import InputError
from davy.image.boardfile import load_board
from davy.paths import ROOT
from davy.run.record import to_dict
from davy.run.report import to_html
from davy.run.runner import Outcome, Run
from davy.run.scenario import Action, Scenario, find_scenario, load_scenario

RECORDING = ROOT.parent / "shared" / "data" / "mq_array_recording.csv"


def run(name: str, **changes: Any) -> Outcome:
    scenario = load_scenario(find_scenario(name))
    options = {key: changes.pop(key) for key in ("seed", "replays") if key in changes}
    board = changes.pop("board", "virtual")
    return Run(replace(scenario, **changes), load_board(board), **options).execute()


def failed(outcome: Outcome) -> list[str]:
    return [f"{v.name}: required {v.required}, measured {v.measured}" for v in outcome.verdicts if not v.passed]


@pytest.mark.parametrize("name", ["sensor_short", "sensor_unplugged", "power_cut_latched", "wifi_loss"])
def test_a_shipped_scenario_meets_its_expectations(name: str) -> None:
    assert failed(run(name)) == []


@pytest.mark.parametrize("board", ["virtual", "devkit_mq"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_leak_of_12_l_per_min_shuts_the_valve_before_25_percent_lel_on_any_board_and_seed(
    board: str, seed: int
) -> None:
    outcome = run("kitchen_leak", board=board, seed=seed, duration_ms=40 * 60_000, expectations=_leak_expectations())
    assert failed(outcome) == [], f"seed {seed}"


def _leak_expectations() -> tuple[Any, ...]:
    wanted = ("alarm", "valve", "shut_below", "siren", "no_fault", "stored")
    return tuple(e for e in load_scenario(find_scenario("kitchen_leak")).expectations if e.what in wanted)


def test_an_expectation_that_is_not_met_fails_the_run() -> None:
    # The same leak, and a valve that is stuck open: the verdict must not be kind.
    from davy.run.scenario import Action

    scenario = load_scenario(find_scenario("kitchen_leak"))
    stuck = Action(500_000, "valve_fault", {"fault": "stuck_open"})
    actions = tuple(sorted((*scenario.actions, stuck), key=lambda action: action.t_ms))
    outcome = run("kitchen_leak", duration_ms=40 * 60_000, actions=actions, expectations=_leak_expectations())
    assert not outcome.passed
    assert any("true methane when the valve shut" in line for line in failed(outcome))
    assert any("no fault" in line for line in failed(outcome)), "and the firmware saw it"


def _without_wall_clock(outcome: Outcome) -> str:
    document = to_dict(outcome)
    del document["wall_s"], document["speed_up"]
    return json.dumps(document)


def test_the_same_seed_gives_the_same_record_with_a_real_broker_behind_it() -> None:
    one, two = (run("power_cut_latched", seed=11) for _ in range(2))
    assert _without_wall_clock(one) == _without_wall_clock(two)
    other = run("power_cut_latched", seed=12)
    assert _without_wall_clock(other) != _without_wall_clock(one)


def test_a_chosen_speed_holds_the_run_back_and_changes_nothing_in_it() -> None:
    scenario = load_scenario(find_scenario("sensor_short"))
    fast, held = (Run(scenario, load_board("virtual"), speed=speed).execute() for speed in (None, 200.0))
    assert held.wall_s >= scenario.duration_ms / 1000 / 200
    assert _without_wall_clock(held) == _without_wall_clock(fast)


def test_a_broker_that_goes_away_and_comes_back_loses_nothing() -> None:
    from davy.run.scenario import Action

    scenario = load_scenario(find_scenario("wifi_loss"))
    swapped = tuple(
        Action(a.t_ms, "broker", {"state": a.values["state"]}) if a.kind == "wifi" else a for a in scenario.actions
    )
    assert failed(run("wifi_loss", actions=swapped)) == []


def test_the_record_holds_every_event_with_its_virtual_time() -> None:
    outcome = run("sensor_short")
    record = to_dict(outcome)
    assert record["passed"] is True
    assert record["firmware"] == "0.1.0"
    assert record["image_sha256"] == outcome.image.sha256
    times = [event["t_ms"] for event in record["events"]]
    assert times == sorted(times)
    kinds = {event["kind"] for event in record["events"]}
    assert {"power", "boot", "console", "hello", "state", "event", "valve", "lamp", "do", "stored"} <= kinds
    json.dumps(record)


def test_the_report_is_one_file_that_fetches_nothing() -> None:
    page = to_html(run("sensor_short"))
    assert "5 of 5 expectations met" in page
    assert page.count("<svg") == 1
    for fetched in ("<script", "<link", "src=", "@import", "url(http"):
        assert fetched not in page


def test_a_real_recording_runs_to_its_end_and_the_report_tells_each_part() -> None:
    if not RECORDING.exists():
        pytest.skip(f"the real recording is not here: {RECORDING.name} in ../shared/data beside the repository")
    replays = load_replay(RECORDING, {"methane": "MQ5", "co": "MQ7"})
    duration_ms = replays["methane"].duration_ms
    assert duration_ms == 6_400 * 2_000
    outcome = run("replay", replays=replays, duration_ms=duration_ms)
    assert outcome.recorded.states[-1][0] > duration_ms - 2_000
    page = to_html(outcome)
    for label in ("NoGas", "Perfume", "Smoke", "Mixture"):
        assert f"<td>{label}</td>" in page
    assert "No concentration is claimed" in page


def test_a_scenario_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(InputError, match="kitchen_leak"):
        find_scenario("kitchen_leek")


def test_reporting_can_be_off_altogether() -> None:
    scenario = load_scenario(find_scenario("quiet_day"))
    silent = replace(scenario.reporting, serial_state_ms=0)
    quiet: Scenario = replace(
        scenario, duration_ms=3_600_000, expectations=(), actions=scenario.actions[:1], reporting=silent
    )
    outcome = Run(quiet, load_board("virtual")).execute()
    assert outcome.recorded.stored_ids is None
    assert (outcome.recorded.states, outcome.recorded.told) == ([], [])
    assert outcome.recorded.of_kind("valve")


def test_silence_is_not_taken_for_no_alarm_and_no_fault() -> None:
    scenario = load_scenario(find_scenario("quiet_day"))
    silent = replace(scenario.reporting, serial_state_ms=0)
    gassed = Action(200_000, "force", {"gas": "methane", "ppm": 20_000.0})
    short: Scenario = replace(scenario, duration_ms=300_000, actions=(gassed,), reporting=silent)
    outcome = Run(short, load_board("virtual")).execute()
    assert outcome.recorded.of_kind("siren")
    judged = {verdict.name: verdict.passed for verdict in outcome.verdicts}
    assert (judged["no alarm"], judged["no fault"]) == (False, False)


def test_results_are_written_whole_or_not_at_all(tmp_path: Path) -> None:
    from davy.files import check_writable, write_whole

    target = tmp_path / "r.json"
    write_whole(target, "one")
    write_whole(target, "two")
    assert target.read_text() == "two"
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]
    for bad in (tmp_path, tmp_path / "no" / "r.json"):
        with pytest.raises(InputError, match="--json"):
            check_writable(bad, "--json")
