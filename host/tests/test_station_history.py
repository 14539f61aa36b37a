"""What a log knows of each fixture, record by record, and of a unit that was moved to another one."""

from __future__ import annotations

from typing import Any

import pytest

from davy.station.chain import Record
from davy.station.config import Fixture
from davy.station.decide import Cause, Progress, Stage
from davy.station.history import History
from davy.station.tally import Tally, exit_status

LEFT, RIGHT = Fixture(1, "left", "a", "", (9,)), Fixture(2, "2", "b", "", (9,))
MAC = "24:0a:c4:00:00:01"
AGAIN = ": start it again (it keeps its serial)"


def record(kind: str, fixture: str = "left", mac: str = MAC, serial: str = "GA1", **fields: Any) -> Record:
    return Record(
        1, "2026-07-01T08:00:00.000+00:00", kind, {"fixture": fixture, "mac": mac, "serial": serial, **fields}
    )


STEPS = (
    (record("unit-start", rework=False), f"had its serial and was not written when the station stopped{AGAIN}"),
    (record("attempt-start"), f"was being written when the station stopped{AGAIN}"),
    (record("attempt-end", verdict="error"), f"was being written when the station stopped{AGAIN}"),
    (record("attempt-start"), f"was being written when the station stopped{AGAIN}"),
    (record("attempt-end", verdict="pass"), f"was written and not labelled when the station stopped{AGAIN}"),
    (record("label", verdict="error"), f"was written and not labelled when the station stopped{AGAIN}"),
    (record("label", verdict="printed"), f"was labelled and not recorded as passed when the station stopped{AGAIN}"),
    (record("station-start", fixture=""), f"was labelled and not recorded as passed when the station stopped{AGAIN}"),
    (record("unit-end", verdict="passed", text="passed"), "passed at 2026-07-01T08:00:00.000+00:00"),
)


@pytest.mark.parametrize("count", range(1, len(STEPS) + 1))
def test_after_each_record_the_fixture_is_known_as_far_as_it_came(count: int) -> None:
    history = History().take(step for step, _ in STEPS[:count])
    said = STEPS[count - 1][1]
    assert history.tell([LEFT, RIGHT]) == [f"fixture 1 (left): GA1 ({MAC}) {said}", "fixture 2: nothing is known"]
    assert history.fixtures["left"].open == (count < len(STEPS))


def test_a_unit_that_was_moved_is_open_only_where_it_is_now() -> None:
    history = History().take(
        [record("unit-start"), record("attempt-start"), record("unit-start", fixture="2", rework=True)]
    )
    assert [history.fixtures.get(name) is not None for name in ("left", "2")] == [False, True]
    assert history.reworked == {MAC}


def test_units_count_by_their_newest_verdict_and_one_that_was_never_recognised_does_not() -> None:
    ends = [("a", "failed"), ("b", "passed"), ("a", "passed"), ("c", "failed"), ("", "not judged")]
    history = History().take(record("unit-end", mac=mac, verdict=verdict) for mac, verdict in ends)
    assert (history.count("passed"), history.count("failed"), history.count("not judged")) == (2, 1, 0)


def end(stage: Stage, cause: Cause, mac: str = MAC, rework: bool = False) -> Progress:
    return Progress((9,), stage, cause, mac=mac, rework=rework)


@pytest.mark.parametrize(
    ("ends", "status"),
    [
        ([], 0),
        ([end(Stage.PASSED, Cause.NONE)], 0),
        ([end(Stage.FAILED, Cause.UNIT, "a"), end(Stage.PASSED, Cause.NONE, "b")], 1),
        ([end(Stage.FAILED, Cause.UNIT, "a"), end(Stage.NOT_JUDGED, Cause.INPUT, "b")], 2),
        ([end(Stage.NOT_JUDGED, Cause.INPUT, "b"), end(Stage.FAILED, Cause.DESK, "a")], 3),
        ([end(Stage.FAILED, Cause.DESK), end(Stage.PASSED, Cause.NONE)], 0),
        ([end(Stage.NOT_JUDGED, Cause.DESK, ""), end(Stage.PASSED, Cause.NONE)], 0),
        ([end(Stage.NOT_JUDGED, Cause.STOPPED)], 0),
    ],
)
def test_the_exit_status_is_the_worst_of_the_last_results(ends: list[Progress], status: int) -> None:
    tally = Tally()
    for each in ends:
        tally.take(LEFT, each)
    assert exit_status(tally.last.values()) == status


def test_yield_and_rate_are_of_units_that_were_judged() -> None:
    tally = Tally()
    assert (tally.yield_percent(), tally.per_hour(600)) == (None, 0)
    for stage, cause in ((Stage.PASSED, Cause.NONE),) * 3 + (
        (Stage.FAILED, Cause.UNIT),
        (Stage.NOT_JUDGED, Cause.STOPPED),
    ):
        tally.take(LEFT, end(stage, cause))
    assert (tally.yield_percent(), tally.per_hour(600), tally.per_hour(59)) == (75, 24, None)
