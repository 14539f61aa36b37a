"""What a fixture decides: the ladder, the verdicts, and, over everything that can happen, what must never."""

from __future__ import annotations

from typing import Any

import pytest

from davy.station.decide import (
    AT_REST,
    PROBES,
    Action,
    Allocated,
    Broke,
    Cause,
    Event,
    Flashed,
    Labelled,
    Probed,
    Progress,
    Stage,
    Start,
    Stepped,
    Stop,
    decide,
    ladder,
)
from davy.station.outcome import Expected, Limit, Outcome, complaints, from_result

MAC = "24:0a:c4:01:02:03"
BAUDS = ladder(460_800, 115_200, 3)
RETRY = Flashed(Outcome(3, "connect", "no answer"))
PASS = Flashed(Outcome(0, "self_test", "passed", MAC, {}))
EVENTS: tuple[Event, ...] = (
    Start(),
    Probed(MAC),
    Broke(Cause.DESK, "no board", again=True),
    Broke(Cause.INPUT, "no serial left"),
    Allocated("GA1", rework=False),
    Stepped("write"),
    Stepped("self_test"),
    PASS,
    Flashed(PASS.outcome, ("methane_ppm: 900 is not in 0..500",)),
    Flashed(Outcome(1, "self_test", "valve")),
    Flashed(Outcome(2, "image", "no such release")),
    RETRY,
    Labelled(),
    Stop(),
)
EXPECTED = Expected(
    MAC, "88.118.8/GA1", "ab" * 32, (Limit("methane_ppm", 0, 500), Limit("temperature_cdegc", 500, 4500))
)
RECORD: dict[str, Any] = {
    "mac": MAC,
    "identifier": "88.118.8/GA1",
    "image_sha256": "ab" * 32,
    "self_test": {"result": "passed", "failed": []},
    "state": {"methane_ppm": 500, "temperature_cdegc": 500},
}


def after(*events: Event, start: Progress | None = None) -> tuple[Progress, list[Action]]:
    now = start or Progress(BAUDS)
    actions = []
    for event in events:
        now, action = decide(now, event)
        actions.append(action)
    return now, actions


BEFORE_FLASH = (Start(), Probed(MAC), Allocated("GA1", rework=True))


def test_a_good_unit_goes_straight_through_and_passes_after_its_label() -> None:
    now, actions = after(*BEFORE_FLASH, Stepped("write"), Stepped("self_test"), PASS)
    assert now.stage is Stage.LABELLING
    assert actions == [Action.PROBE, Action.ALLOCATE, Action.FLASH, Action.NOTHING, Action.NOTHING, Action.LABEL]
    now, (action,) = after(Labelled(), start=now)
    assert (now.stage, now.cause, now.serial, now.rework, action) == (
        Stage.PASSED,
        Cause.NONE,
        "GA1",
        True,
        Action.FINISH,
    )


def test_the_ladder_is_the_same_baud_once_more_then_the_lower_one_then_the_fail_bin() -> None:
    now, _ = after(*BEFORE_FLASH)
    rungs = [now.baud]
    for _ in range(2):
        now, actions = after(Stepped("self_test"), RETRY, start=now)
        assert (now.stage, actions[-1]) == (Stage.FLASHING, Action.FLASH)
        rungs.append(now.baud)
    assert rungs == [460_800, 460_800, 115_200]
    now, (action,) = after(RETRY, start=now)
    assert (now.stage, now.cause, action) == (Stage.FAILED, Cause.DESK, Action.FINISH)
    assert now.text == "no answer, 3 tries; check fixture and cable, then start it again (it keeps its serial)"


@pytest.mark.parametrize(("attempts", "rungs"), [(1, (9, )), (2, (9, 9)), (3, (9, 9, 4)), (5, (9, 9, 4, 4, 4))])  # fmt: skip
def test_a_ladder_has_a_rung_for_each_try(attempts: int, rungs: tuple[int, ...]) -> None:
    assert ladder(9, 4, attempts) == rungs


@pytest.mark.parametrize(
    ("event", "stage", "cause", "text"),
    [
        (Flashed(Outcome(1, "self_test", "valve stuck")), Stage.FAILED, Cause.UNIT, "valve stuck"),
        (Flashed(PASS.outcome, ("a: 1", "b: 2")), Stage.FAILED, Cause.UNIT, "a: 1; b: 2"),
        (Flashed(Outcome(2, "image", "no such release")), Stage.NOT_JUDGED, Cause.INPUT, "no such release"),
        (Stop(), Stage.NOT_JUDGED, Cause.STOPPED, "stopped; not judged"),
    ],
)
def test_what_another_try_cannot_mend_ends_at_the_first(event: Event, stage: Stage, cause: Cause, text: str) -> None:
    now, actions = after(*BEFORE_FLASH, event)
    assert (now.stage, now.cause, now.text, actions[-1]) == (stage, cause, text, Action.FINISH)


def test_a_board_that_does_not_answer_is_probed_once_more_and_then_nothing_is_said_of_it() -> None:
    silent = Broke(Cause.DESK, "no board answers", again=True)
    now, actions = after(Start(), silent, silent)
    assert actions == [Action.PROBE, Action.PROBE, Action.FINISH]
    assert (now.stage, now.text) == (Stage.NOT_JUDGED, "no board answers")


def test_a_fixture_at_rest_starts_afresh_with_nothing_of_the_unit_before() -> None:
    now, _ = after(*BEFORE_FLASH, Flashed(Outcome(1, "self_test", "valve")), Start())
    assert now == Progress(BAUDS, Stage.PROBING, probes=1)


def test_over_everything_that_can_happen_no_unit_passes_without_serial_pass_and_label() -> None:
    """Every history up to the end of a unit, as (progress, what it went through)."""
    first = (Progress(BAUDS), frozenset[str]())
    seen, todo = {first}, [first]
    finished = refused = 0
    while todo:
        now, gone = todo.pop()
        for event in EVENTS:
            try:
                then, action = decide(now, event)
            except ValueError:
                refused += 1
                continue
            happened = set() if isinstance(event, Start) else set(gone)
            if event is PASS:
                happened.add("pass")
            elif isinstance(event, Flashed):
                happened.discard("pass")
            elif isinstance(event, (Probed, Allocated, Labelled)):
                happened.add(type(event).__name__)
            assert 0 <= then.attempt <= len(BAUDS)
            assert then.probes <= PROBES
            assert (action is Action.FINISH) == (then.stage in AT_REST)
            assert (then.cause is Cause.NONE) == (then.stage not in (Stage.FAILED, Stage.NOT_JUDGED))
            if then.stage is Stage.PASSED:
                assert {"Probed", "Allocated", "pass", "Labelled"} <= happened
            if action in (Action.FLASH, Action.LABEL):
                assert then.mac and then.serial
            if then.stage is Stage.FAILED:
                assert "Allocated" in happened, "only a unit with a serial goes to the fail bin"
            if now.stage in AT_REST:
                assert isinstance(event, Start), "a verdict stands until the next unit"
            finished += action is Action.FINISH
            after_it = (then, frozenset(happened))
            if after_it not in seen:
                seen.add(after_it)
                todo.append(after_it)
    assert {now.stage for now, _ in seen} == set(Stage)
    assert finished > 20
    assert refused > 100


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, ()),
        ({"mac": "24:0a:c4:09:09:09"}, ("mac is '24:0a:c4:09:09:09', not '24:0a:c4:01:02:03'",)),
        ({"identifier": "88.118.8/GA2"}, ("identifier is '88.118.8/GA2', not '88.118.8/GA1'",)),
        ({"image_sha256": None}, (f"image_sha256 is None, not '{'ab' * 32}'",)),
        ({"self_test": {"result": "running"}}, ("self-test: 'running'",)),
        ({"self_test": None}, ("self-test: None",)),
        ({"state": {"methane_ppm": 501, "temperature_cdegc": 499}}, (
            "methane_ppm: 501 is not in 0..500", "temperature_cdegc: 499 is not in 500..4500")),
        ({"state": {"methane_ppm": None, "temperature_cdegc": 4500}}, ("methane_ppm: no reading",)),
        ({"state": {"methane_ppm": 0}}, ("temperature_cdegc: no reading",)),
        ({"state": None}, ("methane_ppm: no reading", "temperature_cdegc: no reading")),
    ],
)  # fmt: skip
def test_a_pass_counts_only_if_the_record_is_this_units_and_within_its_limits(
    change: dict[str, Any], said: tuple[str, ...]
) -> None:
    assert complaints({**RECORD, **change}, EXPECTED) == said


def test_a_pass_without_a_record_is_none() -> None:
    assert complaints(None, EXPECTED) == ("the flash process gave no record",)


@pytest.mark.parametrize(
    ("result", "exit_status", "understood"),
    [
        ({"verdict": "pass", "step": "hello", "text": "fine"}, 0, Outcome(0, "hello", "fine", MAC)),
        ({"verdict": "fail", "step": "self_test", "text": "a\x1b[2Jb\nc"}, 1, Outcome(1, "self_test", "a [2Jb c", MAC)),
        ({"verdict": "error", "step": "x", "text": "y"}, 2, Outcome(2, "x", "y", MAC)),
        ({"verdict": "error", "step": "x", "text": "y"}, 3, Outcome(3, "x", "y", MAC)),
        ({"verdict": "error", "step": 7}, 3, Outcome(3, "", "", MAC)),
        ({"verdict": "pass"}, 1, Outcome(3, "result", "the flash process said 'pass' and exited with 1", MAC)),
        ({"verdict": "fail"}, 0, Outcome(3, "result", "the flash process said 'fail' and exited with 0", MAC)),
        ({"verdict": "pass"}, 137, Outcome(3, "result", "the flash process said 'pass' and exited with 137", MAC)),
        ({}, 0, Outcome(3, "result", "the flash process said None and exited with 0", MAC)),
    ],
)
def test_what_the_tool_says_and_its_exit_status_must_agree(
    result: dict[str, Any], exit_status: int, understood: Outcome
) -> None:
    assert from_result(result, exit_status, MAC) == understood


def test_of_a_record_only_the_known_keys_are_kept() -> None:
    given = {"verdict": "pass", "record": {**RECORD, "wifi_key": "hunter2"}}
    assert from_result(given, 0, MAC).record == RECORD
