"""Steadiness, two points, and what is refused: pure, against answers that are known."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from davy.bench.calibration.budget import combined
from davy.bench.calibration.sensing import CellSensing, Climate, MqSensing, Sensing, sensing_of
from davy.bench.calibration.stability import CELL, CYCLED, Limits, Steadiness, Watch
from davy.bench.calibration.two_point import Point, Refused, TwoPoint, check_climate, two_point
from davy.board.cell_sensor import CellModel
from davy.board.mq_sensor import SensorModel, new_mq
from davy.errors import InputError
from davy.image.boardfile import load_board
from davy.image.boardparts import CellSensor

ROOM = Climate(20.0, 65.0, 0.5, 4.0)
VIRTUAL, CELL_BOARD = load_board("virtual"), load_board("devkit_cell")
SPAN_PPM = 2_500.0
METHANE = sensing_of(VIRTUAL, "methane", SPAN_PPM)


# Steadiness


def watched(limits: Limits, signals: list[float | None], every_s: float = 1.0) -> Steadiness | None:
    watch, newest = Watch(limits), None
    for at, signal in enumerate(signals):
        newest = watch.add(at * every_s, signal)
    return newest


def test_noise_of_the_adc_is_steady_and_its_mean_and_spread_are_right() -> None:
    dice = random.Random(11)
    seen = watched(Limits(), [9.0 + dice.gauss(0, 0.002) for _ in range(120)])
    assert seen is not None and seen.steady
    assert abs(seen.mean - 9.0) < 4 * 0.002 / math.sqrt(60)
    assert 0.0013 < seen.spread < 0.0027
    assert seen.of_mean == pytest.approx(seen.spread / math.sqrt(seen.count))


@pytest.mark.parametrize(("percent_a_minute", "steady"), [(0.45, True), (-0.45, True), (0.55, False), (-0.55, False)])
def test_a_slope_beyond_half_a_percent_a_minute_is_not_steady(percent_a_minute: float, steady: bool) -> None:
    seen = watched(Limits(), [9.0 + percent_a_minute / 100 * at / 60 for at in range(90)])
    assert seen is not None and seen.steady is steady
    assert seen.slope == pytest.approx(percent_a_minute / 100)


@pytest.mark.parametrize(("part", "steady"), [(0.008, True), (0.013, False)])
def test_a_reading_that_swings_is_not_steady_though_it_has_no_slope(part: float, steady: bool) -> None:
    seen = watched(Limits(), [9.0 + part * (1 if at % 2 else -1) for at in range(90)])
    assert seen is not None and seen.steady is steady


def test_nothing_is_said_before_the_window_is_full_nor_after_a_reading_that_was_none() -> None:
    assert watched(Limits(), [9.0] * 39) is None
    assert watched(Limits(), [9.0] * 61) is not None
    assert watched(Limits(), [*[9.0] * 61, None]) is None
    assert watched(Limits(), [*[9.0] * 61, None, *[9.0] * 30]) is None


def test_a_gas_that_comes_in_is_waited_for() -> None:
    # First order, 8 s, from clean air to span: not steady until the change has left the window.
    watch, steady_at = Watch(Limits()), None
    for at in range(200):
        seen = watch.add(at, 9.0 + 1.8 * math.exp(-at / 8))
        if steady_at is None and seen is not None and seen.steady:
            steady_at = at
            left = 1.8 * math.exp(-(at - 60) / 8)
            assert abs(seen.mean - 9.0) < 0.005
            assert left < 0.05
    assert steady_at is not None and 80 < steady_at < 130


def test_what_never_becomes_steady_ends_after_its_limit() -> None:
    watch = Watch(Limits(give_up_s=300))
    assert not watch.given_up(0)
    for at in range(301):
        watch.add(at, 9.0 + at)
        assert watch.given_up(at) == (at >= 300)


def test_a_sensor_with_a_cycle_is_looked_at_once_in_each() -> None:
    assert watched(CYCLED, [9.0] * 290) is None
    seen = watched(CYCLED, [9.0 + 0.001 * (at // 150 % 2) for at in range(460)])
    assert seen is not None and seen.count == 4 and seen.steady
    seen = watched(CYCLED, [9.0 + (0.5 if at < 150 else 0.0) for at in range(460)])
    assert seen is not None and not seen.steady, "the first value is still the gas before"


# Two points, made of the models of the virtual board


def steady(signal: float, spread: float = 0.002, count: int = 60) -> Steadiness:
    return Steadiness(signal, 0.0, spread, count, 60.0, True)


def model_of(gas: str, seed: int) -> Any:
    if gas == "cell":
        assert isinstance(CELL_BOARD.co, CellSensor)
        return CellModel(CELL_BOARD.co, seed, 0.0)
    circuit = VIRTUAL.methane if gas == "methane" else VIRTUAL.co
    model = new_mq(gas, circuit, seed, 0.0)  # type: ignore[arg-type]
    model.low_phase, model.phase_blend = True, 1.0
    return model


def point(
    sensing: Sensing, model: SensorModel | CellModel, gas: str, ppm: float, climate: Climate, t_s: float
) -> Point:
    model.heated_since_ms = -1e9
    t_ms = (t_s + np.arange(60.0)) * 1_000
    uvs = model.pin_uv(t_ms, np.full(60, ppm), climate.degc, climate.rh_percent)
    signals = [sensing.signal(int(uv)) for uv in uvs]
    assert all(signal is not None for signal in signals)
    values = np.array(signals, dtype=float)
    return Point(gas, float(uvs.mean()), steady(float(values.mean()), float(values.std())), climate, t_s)


def calibrated(
    sensing: Sensing,
    model: Any,
    span_ppm: float,
    climate: Climate = ROOM,
    tolerance: float = 0.02,
    true_ppm: float = 0.0,
) -> TwoPoint:
    clean, span = (
        tuple(point(sensing, model, gas, ppm, climate, t_s) for t_s in times)
        for gas, ppm, times in (("clean", 0.1, (0, 240)), ("span", true_ppm or span_ppm, (120, 360)))
    )
    return two_point(sensing, clean, span, span_ppm, tolerance)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("gas", "span_ppm"),
    [("methane", 1_000.0), ("methane", 2_500.0), ("methane", 9_000.0), ("co", 100.0), ("cell", 200.0)],
)
@pytest.mark.parametrize("climate", [ROOM, Climate(5.0, 33.0, 0.5, 4.0), Climate(35.0, 85.0, 0.5, 4.0)])
def test_the_number_is_within_its_uncertainty_of_the_truth_for_every_unit(
    gas: str, span_ppm: float, climate: Climate
) -> None:
    sensing = sensing_of(CELL_BOARD if gas == "cell" else VIRTUAL, "methane" if gas == "methane" else "co", span_ppm)
    seeds = range(40)
    for seed in seeds:
        model = model_of(gas, seed)
        found = calibrated(sensing, model, span_ppm, climate)
        off = found.value / model.own_value - 1
        assert abs(off) <= found.expanded, f"seed {seed}: {found.value} and not {model.own_value}"
        assert 0.015 < found.expanded < 0.10


def test_a_span_gas_at_the_end_of_its_certificate_is_within_the_uncertainty_too() -> None:
    sensing = sensing_of(CELL_BOARD, "co", 200.0)
    for seed in range(20):
        for sign in (-1, 1):
            model = model_of("cell", seed)
            found = calibrated(sensing, model, 200.0, tolerance=0.05, true_ppm=200.0 * (1 + sign * 0.05))
            assert abs(found.value / model.own_value - 1) <= found.expanded
    assert calibrated(sensing, model_of("cell", 1), 200.0, tolerance=0.10).expanded > 0.11


def test_the_uncertainty_is_the_root_of_the_squares_of_its_parts() -> None:
    found = calibrated(METHANE, model_of("methane", 1), SPAN_PPM, tolerance=0.02)
    assert found.standard == pytest.approx(combined(found.parts)) == pytest.approx(found.expanded / 2)
    parts = {part.name: part.standard for part in found.parts}
    # By hand: 2 % of span through the curve's mean slope, ln(1.76/0.44)/ln(50) = 0.354, rectangular.
    assert parts["span gas"] == pytest.approx(0.02 * 0.3544 / math.sqrt(3), rel=1e-3)
    assert parts["gas curve"] == pytest.approx(0.02 / math.sqrt(3))
    # 0.5 degC at 0.0062 of Rs a degC (0.92 to 0.90 ... of the table between 20 and 50), 4 %RH at 0.0029 a percent.
    assert 0.005 < parts["temperature and humidity"] < 0.009
    assert {part.kind for part in found.parts} == {"A", "B"}
    wider = replace(ROOM, degc_off=5.0, rh_off=20.0)
    assert calibrated(METHANE, model_of("methane", 1), SPAN_PPM, wider).expanded > found.expanded * 1.3


# Nonsense


def made(
    clean: float = 0.0, span: float = 0.0, clean_later: float = 0.0, span_later: float = 0.0, r0: float = 20_000
) -> TwoPoint:
    """Signals of a sound sensor, each moved by so much."""
    right_clean, right_span = math.log(r0 * 4.38), math.log(r0 * 4.38 / METHANE.ratio_expected(SPAN_PPM))
    points = [
        Point(gas, 500_000, steady(signal), ROOM, 0.0)
        for gas, signal in (
            ("clean", right_clean + clean),
            ("clean", right_clean + clean + clean_later),
            ("span", right_span + span),
            ("span", right_span + span + span_later),
        )
    ]
    return two_point(METHANE, (points[0], points[1]), (points[2], points[3]), SPAN_PPM, 0.02)


def test_a_sound_sensor_is_not_refused() -> None:
    assert made().value == 20_000
    assert made(span=0.4, clean=0.2).value == round(20_000 * math.exp(0.4))
    for r0 in (5_000, 80_000):
        assert made(r0=r0).value == r0


@pytest.mark.parametrize(
    ("moved", "said"),
    [
        ({"clean": -2.0, "span": 2.0}, "taken for each other"),
        ({"span": 1.797}, "is the bottle open"),
        ({"span": 1.0}, "poisoned"),
        ({"span": -0.6}, "wrong gas"),
        ({"clean": -0.6}, "not clean"),
        ({"clean_later": 0.06}, "clean air the reading moved by \\+6.0 %"),
        ({"clean_later": -0.06}, "clean air the reading moved by -6.0 %"),
        ({"span_later": 0.06}, "span gas the reading moved"),
        ({"r0": 4_900}, "r0_ohm would be 4900"),
        ({"r0": 81_000}, "r0_ohm would be 81000"),
    ],
)
def test_nonsense_is_refused_and_its_cause_is_named(moved: dict[str, float], said: str) -> None:
    with pytest.raises(Refused, match=said):
        made(**moved)


def test_a_climate_that_is_not_known_or_not_in_the_table_is_refused() -> None:
    assert check_climate(ROOM) is ROOM
    with pytest.raises(Refused, match="not known"):
        check_climate(None)
    for degc, rh in ((-10.1, 50), (50.1, 50), (20, 19.9), (20, 95.1)):
        with pytest.raises(Refused, match="correction"):
            check_climate(Climate(degc, rh, 0.5, 4.0))
    for degc, rh in ((-10.0, 20.0), (50.0, 95.0)):
        check_climate(Climate(degc, rh, 0.5, 4.0))


def test_a_cells_offset_is_refused_and_not_learned() -> None:
    sensing = sensing_of(CELL_BOARD, "co", 200.0)
    points = [
        Point(gas, 5e5, steady(signal), ROOM, 0.0)
        for gas, signal in (("clean", 0.12), ("clean", 0.12), ("span", 1.12), ("span", 1.12))
    ]
    with pytest.raises(Refused, match="zero is off by \\+12 %"):
        two_point(sensing, (points[0], points[1]), (points[2], points[3]), 200.0, 0.02)


@pytest.mark.parametrize(
    ("board", "gas", "span_ppm", "said"),
    [
        ("virtual", "methane", 199.0, "200 to 10000 ppm"),
        ("virtual", "methane", 10_001.0, "200 to 10000 ppm"),
        ("virtual", "co", 49.0, "50 to 4000 ppm"),
        ("devkit_cell", "co", 1_001.0, "30 to 1000 ppm"),
        ("devkit_ze07", "co", 100.0, "calibrated by its maker"),
        ("virtual", "propane", 100.0, "no such sensor"),
    ],
)
def test_a_span_out_of_what_the_sensor_is_known_for_is_bad_input(
    board: str, gas: str, span_ppm: float, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        sensing_of(load_board(board), gas, span_ppm)


def test_a_voltage_that_no_sensor_gives_is_no_signal() -> None:
    assert METHANE.signal(0) is None
    assert METHANE.signal(5_000_000 * 10 // 22 + 1) is None
    assert METHANE.signal(5_000_000 * 10 // 44) == pytest.approx(math.log(20_000))


def test_a_unit_reads_the_span_by_the_right_climate_and_more_by_a_colder_one() -> None:
    assert METHANE.reads_ppm(2_500, ROOM, 1.0) == pytest.approx(2_500, rel=0.01)
    # 0 degC and 33 %RH are assumed without a climate part: Rs is then 1.27 of the curve's, and ppm as its power of 2.85.
    assert METHANE.reads_ppm(1_500, ROOM, 1.27) == pytest.approx(1_500 * 1.27**2.87, rel=0.03)
    cell = sensing_of(CELL_BOARD, "co", 200.0)
    assert cell.reads_ppm(200, ROOM, 0.844) == pytest.approx(237, abs=1)


def test_the_limits_are_those_of_the_kind_of_sensor() -> None:
    assert isinstance(METHANE, MqSensing) and METHANE.limits == Limits()
    assert sensing_of(VIRTUAL, "co", 100.0).limits is CYCLED
    cell = sensing_of(CELL_BOARD, "co", 200.0)
    assert isinstance(cell, CellSensing) and cell.limits is CELL
    assert (cell.low, cell.high) == (1_200, 2_400)
