"""The guided calibration of a whole virtual unit, in virtual time: right, refused, and cut short at every step."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from davy import codec
from davy.bench.calibration.desk_unit import DeskUnit, day_of, number_of
from davy.bench.calibration.guide import Gas, Guide, Progress
from davy.bench.calibration.record import record_of, write_record
from davy.bench.calibration.rehearsal import Rehearsal
from davy.bench.calibration.sensing import Climate, sensing_of
from davy.bench.calibration.two_point import Refused
from davy.bench.device import KnownUnit
from davy.bench.errors import BenchError
from davy.image.boardfile import load_board
from davy.image.calibration import Calibration
from support.calibrating import OLD_DAY, SPAN_PPM, TODAY, guide_of, on_the_desk

METHANE = sensing_of(load_board("virtual"), "methane", SPAN_PPM)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """One unit for all that leaves it as it was, which each test looks at."""
    with on_the_desk(tmp_path_factory.mktemp("desk")) as found:
        yield found


def as_it_was(desk: Rehearsal) -> None:
    """Also after a restart, and in clean air."""
    desk.plant.set_sensor_fault("methane", None)
    desk.plant.set_leak("methane", 0.0)
    desk.let_in("methane", None)
    desk.unit.restart()
    _, readings = desk.unit.readings()
    assert (number_of(METHANE, readings), day_of(readings)) == (20_000, OLD_DAY)
    assert desk.unit.state().faults == 0


@pytest.mark.parametrize(("seed", "climate"), [(2, (5.0, 40.0)), (3, (33.0, 80.0))])
def test_the_number_is_within_its_uncertainty_of_the_units_true_one_and_the_unit_reads_right(
    tmp_path: Path, seed: int, climate: tuple[float, float]
) -> None:
    with on_the_desk(tmp_path, seed=seed) as desk:
        desk.plant.set_climate(*climate)
        desk.board.run_for(30)
        course = guide_of(desk).run()
        assert course.outcome == "pass" and course.stored and course.result is not None
        truth = desk.true_value("methane")
        assert abs(course.result.value / truth - 1) <= course.result.expanded < 0.06
        assert truth != 20_000 and course.before == 20_000 and course.day_before == OLD_DAY
        _, readings = desk.unit.readings()
        assert number_of(METHANE, readings) == course.in_force == course.result.value
        assert course.verified_ppm is not None and abs(course.verified_ppm / SPAN_PPM - 1) < 0.05
        assert [point.gas for point in course.points] == ["clean", "span", "clean", "span"]
        assert all(len(series) > 60 for _, series in course.series)


def test_a_unit_that_nobody_has_calibrated_is(tmp_path: Path) -> None:
    with on_the_desk(tmp_path, calibration=Calibration()) as desk:
        course = guide_of(desk).run()
        assert course.outcome == "pass" and course.before is None and course.day_before is None
        _, readings = desk.unit.readings()
        assert readings.methane_status == codec.Status.OK and day_of(readings) == TODAY
        assert readings.co_status == codec.Status.UNCALIBRATED


@pytest.fixture(scope="module")
def of_an_mq7(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Rehearsal, Guide]]:
    """The longest of all: a value each 150 s."""
    with on_the_desk(tmp_path_factory.mktemp("mq7")) as desk:
        guide = guide_of(desk, gas="co", span_ppm=100.0)
        guide.run()
        yield desk, guide


def test_an_mq7_is_calibrated_through_its_heater_cycle(of_an_mq7: tuple[Rehearsal, Guide]) -> None:
    desk, course = of_an_mq7[0], of_an_mq7[1].course
    assert course.outcome == "pass" and course.result is not None and course.result.key == "r0_ohm"
    assert abs(course.result.value / desk.true_value("co") - 1) <= course.result.expanded
    assert number_of(METHANE, desk.unit.readings()[1]) == 20_000


def test_a_cell_is_calibrated_by_its_sensitivity(tmp_path: Path) -> None:
    board, room = "devkit_cell", Climate(20.0, 65.0, 1.0, 5.0)
    with on_the_desk(tmp_path, board) as desk:
        course = guide_of(desk, board, gas="co", span_ppm=200.0, climate=room).run()
        assert course.result is not None and course.result.key == "sensitivity_pa_per_ppm"
        assert abs(course.result.value / desk.true_value("co") - 1) <= course.result.expanded
        assert course.before == 1_525 != course.in_force


def test_a_unit_without_a_climate_part_needs_the_climate_and_is_held_against_what_it_must_read(tmp_path: Path) -> None:
    with on_the_desk(tmp_path, "devkit_mq") as desk:
        with pytest.raises(Refused, match="temperature and humidity are not known"):
            guide_of(desk, "devkit_mq").run()
        course = guide_of(desk, "devkit_mq", climate=Climate(20.0, 65.0, 1.0, 5.0)).run()
        assert course.outcome == "pass" and course.result is not None
        assert abs(course.result.value / desk.true_value("methane") - 1) <= course.result.expanded
        assert course.expected_ppm is not None and course.verified_ppm is not None
        assert course.expected_ppm > 1.5 * SPAN_PPM
        assert abs(course.verified_ppm / course.expected_ppm - 1) < 0.05


# Refused, with the unit as it was


def refused(desk: Rehearsal, said: str, ppms: dict[tuple[Gas, int], float], look: int) -> None:
    """Let in these gases instead of the right ones; refused at that look, or when it is reckoned (4)."""
    seen: list[Progress] = []

    def apply(gas: Gas, at: int) -> None:
        right = SPAN_PPM if gas == "span" else 2.0
        desk.plant.force_ppm("methane", ppms.get((gas, at), right))

    guide = guide_of(desk, apply=apply, told=seen.append)
    with pytest.raises(Refused, match=said):
        guide.run()
    assert guide.course.outcome == "refused" and guide.course.stored is False and guide.course.why
    assert len(guide.course.series) == min(4, look + 1)
    as_it_was(desk)


def test_no_gas_is_seen_before_the_rest_is_done(desk: Rehearsal) -> None:
    refused(desk, "is the bottle open", {("span", 1): 2.0}, 1)


def test_clean_air_and_span_gas_taken_for_each_other_are_seen(desk: Rehearsal) -> None:
    refused(desk, "taken for each other", {("clean", 0): SPAN_PPM, ("span", 1): 2.0}, 1)


def test_a_bottle_of_another_gas_is_seen(desk: Rehearsal) -> None:
    refused(desk, "wrong gas or bottle", {("span", 1): 50_000.0, ("span", 3): 50_000.0}, 1)


def test_an_emptying_bottle_is_seen(desk: Rehearsal) -> None:
    refused(desk, "two looks at span gas", {("span", 3): 2_000.0}, 4)


def test_a_broken_sensor_is_said_by_its_name(desk: Rehearsal) -> None:
    desk.plant.set_sensor_fault("methane", "open")
    refused(desk, r"no reading \(open\)", {}, 0)


def test_a_sensor_that_breaks_on_the_way_is_seen(desk: Rehearsal) -> None:
    def apply(gas: Gas, look: int) -> None:
        desk.let_in("methane", SPAN_PPM if gas == "span" else None)
        if look == 2:
            desk.plant.set_sensor_fault("methane", "short")

    guide = guide_of(desk, apply=apply)
    with pytest.raises(Refused, match=r"no reading \(short\)"):
        guide.run()
    assert guide.course.stored is False
    as_it_was(desk)


def test_gas_that_never_becomes_steady_ends_the_wait(desk: Rehearsal) -> None:
    def apply(gas: Gas, look: int) -> None:
        desk.plant.force_ppm("methane", None)
        desk.plant.set_valve_open(True)
        desk.plant.set_leak("methane", 1.0)

    guide = guide_of(desk, apply=apply)
    with pytest.raises(Refused, match=r"did not become steady in 900 s \(slope -"):
        guide.run()
    assert 880 < guide.course.series[0][1][-1][0] - guide.course.series[0][1][0][0] < 920
    as_it_was(desk)


def test_gas_that_is_taken_away_before_the_check_puts_the_old_number_back(desk: Rehearsal) -> None:
    def told(now: Progress) -> None:
        if now.step == "restart":
            desk.let_in("methane", 1_500.0)

    guide = guide_of(desk, told=told)
    with pytest.raises(Refused, match="where it should read"):
        guide.run()
    assert guide.course.stored and guide.course.put_back
    as_it_was(desk)


def test_another_unit_on_the_line_is_seen_before_any_gas(desk: Rehearsal) -> None:
    known = desk.unit.device.unit
    for other, said in (
        (replace(known, identifier="88.118.8/OTHER"), "on the line is 88.118.8/CAL-1"),
        (replace(known, secret=bytes(32)), "does not prove"),
    ):
        asked: list[Gas] = []
        guide = guide_of(_as(desk, other), apply=lambda gas, look, asked=asked: asked.append(gas))  # type: ignore[misc]
        with pytest.raises(BenchError, match=said):
            guide.run()
        assert asked == []


def _as(desk: Rehearsal, known: KnownUnit) -> Rehearsal:
    unit = desk.unit
    return replace(desk, unit=DeskUnit(unit.device._line, unit.clock, known, unit._spec, unit._restart))


# Cut short


class Abort(Exception):
    """Somebody ends it."""


@pytest.mark.parametrize("step", ["clean", "span", "store", "verify"])
def test_an_abort_leaves_the_unit_as_it_was_or_calibrated(desk: Rehearsal, step: str) -> None:
    def told(now: Progress) -> None:
        if now.step == step and now.look in (0, 1):
            raise Abort

    guide = guide_of(desk, told=told)
    with pytest.raises(Abort):
        guide.run()
    course = guide.course
    assert course.outcome == "aborted"
    if step == "verify":
        desk.unit.restart()
        _, readings = desk.unit.readings()
        assert course.stored and course.result is not None
        assert (number_of(METHANE, readings), day_of(readings)) == (course.result.value, OLD_DAY), "of the CO sensor"
        assert desk.unit.put(METHANE, 20_000, OLD_DAY) is codec.Outcome.DONE
    else:
        assert course.stored is False
    as_it_was(desk)


def test_a_cable_that_is_pulled_while_the_number_is_stored_is_said_and_not_guessed(desk: Rehearsal) -> None:
    def told(now: Progress) -> None:
        if now.step == "store":
            desk.board.power_cut()

    guide = guide_of(desk, told=told)
    with pytest.raises(BenchError, match="says nothing"):
        guide.run()
    assert guide.course.stored is None
    desk.board.power_on()
    desk.board.run_for(3)
    as_it_was(desk)


# The record


def test_the_record_holds_what_an_auditor_asks_for_and_is_never_written_over(
    tmp_path: Path, of_an_mq7: tuple[Rehearsal, Guide]
) -> None:
    guide = of_an_mq7[1]
    course = guide.course
    began = datetime.datetime(2026, 11, 25, 12, 0, tzinfo=datetime.timezone.utc)
    about = {"operator": "an operator", "instrument": "bench 1", "certificate": "No. 4711", "rehearsal": True}
    record = record_of(course, guide._job, "CAL-1", about, began, began + datetime.timedelta(minutes=8))
    paths = {write_record(tmp_path / "records", record) for _ in range(3)}
    assert len(paths) == 3
    for path in paths:
        assert path.parent == tmp_path / "records" / "CAL-1" / "calibration"
        assert path.stat().st_mode & 0o222 == 0
        kept = json.loads(path.read_text())
        assert kept == json.loads(json.dumps(record))
    assert kept["before"] == {"value": 5_000, "made": "2026-01-02"}
    assert kept["after"]["value"] == kept["result"]["value"] == course.in_force
    assert kept["span_gas"] == {"ppm": 100.0, "tolerance": 0.02, "certificate": "No. 4711"}
    assert kept["about"]["operator"] == "an operator" and kept["about"]["rehearsal"] is True
    assert len(kept["points"]) == len(kept["series"]) == 4
    assert all(len(series["t_s"]) == len(series["uv"]) > 60 for series in kept["series"])
    squares = sum(part["standard"] ** 2 for part in kept["result"]["budget"])
    assert 2 * squares**0.5 == pytest.approx(kept["result"]["expanded_uncertainty"])
