"""Chaos with real processes: a few seeds on each broker, and what the command says and leaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from davy.chaos import BROKERS, Outcome, Step, World, draw_plan, make_world, run_plan
from davy.chaos.broker_process import mosquitto_path
from davy.chaos.plan import REVOKED, UNIT
from davy.chaos.reconcile import STRANGE
from davy.chaos.stage import Lane, Sabotage
from davy.cli.main import app
from davy.errors import InputError
from support.chaos_plans import DRAIN_S, TRIES, plan_of

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def lane() -> Iterator[Lane]:
    with Lane() as made:
        yield made


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("plain") / "world", False)


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("tls") / "world", True)


def check(outcome: Outcome) -> None:
    assert not outcome.violations, "\n".join([*outcome.story, f"repeat: {outcome.repeat}"])
    assert outcome.counts.told == outcome.counts.stored - outcome.counts.untold > 0


# What must hold


@pytest.mark.parametrize("broker", BROKERS)
def test_nothing_is_lost_and_nobody_let_in_by_tls(broker: str, secure: World, lane: Lane) -> None:
    if broker == "mosquitto" and mosquitto_path() is None:
        pytest.skip("mosquitto is not installed")
    check(run_plan(draw_plan(1010 if broker == "amqtt" else 1024, broker, True), secure, lane))


def test_nothing_is_lost_and_nobody_let_in_without_tls(plain: World, lane: Lane) -> None:
    check(run_plan(draw_plan(1012, "amqtt", False), plain, lane))


def test_the_monitor_may_as_well_be_a_program_of_its_own(plain: World, lane: Lane) -> None:
    plan = replace(draw_plan(1022, "amqtt", False, only=("kill_monitor",)), program=True)
    check(run_plan(plan, plain, lane))


def test_a_unit_whose_hello_nobody_heard_is_heard_in_the_end(plain: World, lane: Lane) -> None:
    # The broker is there and takes it, the monitor is not: only what is said again reaches it.
    plan = plan_of(Step(0, "kill_monitor", lasts_ms=600), Step(300, "tamper", 0, 100), cast=(UNIT,))
    check(run_plan(plan, plain, lane))


# What is left, and what is said


def test_a_failed_run_leaves_everything_and_the_command_that_repeats_it(
    plain: World, lane: Lane, tmp_path: Path
) -> None:
    plan = plan_of(cast=(UNIT, REVOKED), lasts_ms=600)
    sabotage = Sabotage(monitor="support.chaos_saboteurs:welcomes_the_revoked")
    for seed in range(1, TRIES + 1):
        outcome = run_plan(replace(plan, seed=seed), plain, lane, sabotage=sabotage, keep=tmp_path, drain_s=DRAIN_S)
        if outcome.violations:
            break
    assert outcome.kept is not None
    kept = {path.name for path in outcome.kept.iterdir()}
    assert {"plan.json", "story.txt", "records.json", "events.sqlite", "flash-0.bin", "monitor.log"} <= kept
    story = (outcome.kept / "story.txt").read_text()
    assert f"davy chaos --seed {outcome.plan.seed} --runs 1 --broker amqtt --plain -v" in story
    assert STRANGE.upper() in story


def test_the_command_tells_a_run_line_by_line_and_ends_with_0() -> None:
    arguments = ["chaos", "--seed", "1026", "--runs", "1", "--broker", "amqtt", "--plain", "-v"]
    ended = CliRunner().invoke(app, arguments, standalone_mode=False)
    assert ended.return_value == 0, ended.output
    assert "seed 1026, amqtt, plain" in ended.output
    assert "healed" in ended.output
    assert "PASS: 1 runs, nothing wrong" in ended.output


def test_a_folder_to_keep_things_in_that_is_a_file_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("")
    ended = CliRunner().invoke(
        app, ["chaos", "--broker", "amqtt", "--keep", str(tmp_path / "kept")], standalone_mode=False
    )
    assert isinstance(ended.exception, InputError)
    assert str(ended.exception).startswith("--keep: ")


def test_a_broker_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("davy.chaos.broker_process.mosquitto_path", lambda: None)
    ended = CliRunner().invoke(app, ["chaos", "--broker", "mosquitto"], standalone_mode=False)
    assert isinstance(ended.exception, InputError)
    assert "mosquitto is not installed" in str(ended.exception)
