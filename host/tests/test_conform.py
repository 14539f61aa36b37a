"""`davy conform`: clauses on the whole firmware, with limits, margins and the marks of their sources."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from davy.image.boardfile import load_board
from davy.run.clause import Clause, Measured, never_before, within
from davy.run.clauses import clauses
from davy.run.conform import Conformity, Tried, conform, to_dict
from davy.run.conform_page import to_html
from davy.run.recorded import Recorded
from safety.profile import PROFILES

DAVY = str(Path(sys.executable).with_name("davy"))


@pytest.fixture(scope="module")
def household() -> Conformity:
    return conform(load_board("virtual"), "gb15322_household", 1)


def test_every_profile_has_clauses_and_every_clause_a_mark() -> None:
    assert {clause.profile for clause in clauses()} == set(PROFILES)
    assert all(set(clause.mark.split("/")) <= set("SWRD") for clause in clauses())


def test_the_household_profile_meets_every_confirmed_clause(household: Conformity) -> None:
    bad = [(each.clause.name, each.measured.measured) for each in household.tried if not each.measured.passed]
    assert household.passed, bad
    assert len(household.tried) >= 11
    warm_up = next(each for each in household.tried if "warm-up" in each.clause.name)
    assert warm_up.measured.value is not None
    assert warm_up.measured.value < 100


def test_what_an_mq7_cannot_do_is_said_and_not_hidden(household: Conformity) -> None:
    high = next(each for each in household.tried if "high set-point" in each.clause.name)
    assert high.verdict == "not met, unconfirmed"
    assert "MQ-7" in high.measured.note


def test_the_page_holds_every_clause_its_plots_and_the_images_hash(household: Conformity) -> None:
    page = to_html(household)
    for each in household.tried:
        assert each.clause.name.replace("+", "+") in page
        assert each.image_sha256 in page
    assert page.count("<svg") == 1
    assert "src=" not in page
    record = to_dict(household)
    json.dumps(record)
    assert {"clause", "mark", "required", "measured", "margin", "verdict"} <= set(record["clauses"][0])


def test_a_confirmed_clause_that_is_not_met_fails_the_whole() -> None:
    failing = within(40.0, 15, 30, "s")
    judged = Tried(Clause("p", "n", "t", "S", None, lambda recorded: failing), failing, Recorded(0), "")
    recalled = replace(judged, clause=replace(judged.clause, mark="R"))
    board = load_board("virtual")
    assert not Conformity(board, 1, [judged], 0.0).passed
    assert Conformity(board, 1, [recalled], 0.0).passed
    assert judged.verdict == "NOT MET"


@pytest.mark.parametrize(
    ("measured", "passed", "margin"),
    [
        (within(23.0, 15, 30, "s"), True, "+7 s"),
        (within(14.0, 15, 30, "s"), False, "-1 s"),
        (within(None, 15, 30, "s"), False, ""),
        (never_before(None, 60, "min"), True, ""),
        (never_before(59.0, 60, "min"), False, "-1 min"),
    ],
)
def test_limits_are_judged_and_the_margin_is_to_the_nearer_one(measured: Measured, passed: bool, margin: str) -> None:
    assert (measured.passed, measured.margin) == (passed, margin)


def test_the_command_prints_the_table_or_json_and_tells_by_its_status() -> None:
    done = subprocess.run(
        [DAVY, "conform", "--profile", "ul2034", "--json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads(done.stdout)
    assert record["passed"] is True
    assert [each["core_only"] for each in record["clauses"]].count(True) == 1
    bad = subprocess.run([DAVY, "conform", "--profile", "none"], capture_output=True, text=True, check=False)
    assert bad.returncode == 2
    assert bad.stderr.startswith("davy: --profile: 'none' is not known; all, or one of")
