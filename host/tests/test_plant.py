"""The emulated room and sensors: mass is conserved, data sheets are met, and the same seed gives the same air."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from davy.board.curves import MQ4, MQ4_CLIMATE, MQ7
from davy.board.plant import Plant
from davy.board.replay import load_replay, parse_map
from davy.board.room import RoomConfig
from davy.errors import InputError
from davy.image.boardfile import load_board

SPEC = load_board("virtual")


def plant(seed: int = 1, **room: float) -> Plant:
    return Plant(SPEC, RoomConfig(**room), seed)


@given(st.floats(0.5, 100), st.floats(0, 20), st.floats(0, 200), st.integers(1, 7_200))
def test_the_room_agrees_with_a_step_by_step_mass_balance(
    volume_m3: float, ach: float, leak_l_per_min: float, seconds: int
) -> None:
    air = plant(volume_m3=volume_m3, ventilation_ach=ach)
    air.set_leak("methane", leak_l_per_min)
    start = air.methane_ppm
    air.advance(seconds * 1000)
    # Explicit steps, much shorter than any time constant here.
    steps = 20_000
    dt = seconds / steps
    leak, out = leak_l_per_min / 60_000 / volume_m3, ach / 3600
    fraction = start / 1e6
    for _ in range(steps):
        fraction += dt * (leak * (1 - fraction) - out * (fraction - 2e-6))
    assert air.methane_ppm == pytest.approx(fraction * 1e6, rel=0.01, abs=0.5)


def test_a_leak_of_12_l_per_min_in_20_m3_is_600_ppm_a_minute_at_first_and_closing_the_valve_ends_it() -> None:
    air = plant(ventilation_ach=0.0)
    air.set_leak("methane", 12)
    air.advance(60_000)
    assert air.methane_ppm == pytest.approx(602, abs=2)
    air.set_valve_open(False)
    air.advance(120_000)
    assert air.methane_ppm == pytest.approx(602, abs=2)
    air.set_ventilation(6)
    air.advance(120_000 + 600_000)
    assert air.methane_ppm == pytest.approx(2 + 600 * np.exp(-1), abs=3)


@pytest.mark.parametrize("curve", [MQ4, MQ7])
def test_the_curves_meet_the_points_of_the_data_sheet(curve: object) -> None:
    assert isinstance(curve, type(MQ4))
    assert curve.rs_r0(np.array(curve.ppm)) == pytest.approx(np.array(curve.ratio))
    assert curve.rs_r0(np.array([0.0])) == pytest.approx(curve.clean_air)


def test_climate_is_neutral_where_the_gas_curve_was_taken() -> None:
    assert MQ4_CLIMATE.factor(20, 65) == pytest.approx(1)
    assert MQ4_CLIMATE.factor(-10, 33) > 1.3
    assert MQ4_CLIMATE.factor(50, 85) < 0.9


def settled_uv(air: Plant, pin: int, at_ms: int = 600_000) -> float:
    air.advance(at_ms)
    return float(np.median(air.adc_uv(at_ms, 50, 100)[pin]))


def test_the_pin_shows_what_the_circuit_makes_of_the_curve() -> None:
    air = plant()
    air.force_ppm("methane", 5_000)
    uv = settled_uv(air, 34)
    rs_ohm = 20_000 * 0.57
    expected_uv = 5e6 * 20_000 / (rs_ohm + 20_000) * 10 / 22
    assert uv == pytest.approx(expected_uv, rel=0.04), "tolerance and drift are a few percent"


@pytest.mark.parametrize(
    ("fault", "low", "high"), [("open", 0, 0), ("short", 2_265_000, 2_280_000), ("saturated", 3_095_000, 3_100_000)]
)
def test_sensor_faults_look_as_they_do_on_a_bench(fault: str, low: int, high: int) -> None:
    air = plant()
    air.advance(600_000)
    air.set_sensor_fault("methane", fault)
    uv = air.adc_uv(600_000, 50, 100)[34]
    assert low <= uv.min() <= uv.max() <= high
    air.set_sensor_fault("methane", None)
    assert 300_000 < air.adc_uv(600_000, 1, 100)[34][0] < 600_000


def test_a_stuck_sensor_has_no_noise_and_a_sound_one_has() -> None:
    air = plant()
    air.advance(600_000)
    assert np.ptp(air.adc_uv(600_000, 100, 100)[34]) > 0
    air.set_sensor_fault("methane", "stuck")
    assert np.ptp(air.adc_uv(600_000, 100, 100)[34]) == 0
    with pytest.raises(ValueError, match="one of open"):
        air.set_sensor_fault("methane", "tired")


def test_the_sensor_lags_behind_the_room() -> None:
    air = plant()
    air.advance(600_000)
    air.force_ppm("methane", 8_000)
    uv = air.adc_uv(600_000, 600, 100)[34]
    assert uv[0] < 700_000 < uv[80] < uv[-1]


def test_an_mq7_read_in_the_wrong_phase_gives_a_wrong_number() -> None:
    air = plant()
    air.force_ppm("co", 400)
    air.advance(600_000)
    air.set_heater("co", 1000)
    air.advance(660_000)
    hot_uv = float(air.adc_uv(660_000, 1, 100)[35][0])
    air.set_heater("co", 78)
    air.advance(750_000)
    end_uv = float(air.adc_uv(750_000, 1, 100)[35][0])
    expected_uv = 5e6 * 20_000 / (5_000 * 0.385 + 20_000) * 10 / 22
    assert end_uv == pytest.approx(expected_uv, rel=0.03)
    assert hot_uv < 0.6 * end_uv


def test_a_cold_sensor_reads_high_at_first_and_settles() -> None:
    air = plant()
    uv = air.adc_uv(0, 1800, 100)[34]
    assert uv[0] > 1.8 * uv[-1]
    assert abs(int(uv[-1]) - int(uv[-300])) < 0.1 * uv[-1]


@given(st.integers(0, 10_000_000), st.integers(1, 601), st.integers(0, 600))
def test_a_look_ahead_that_is_cut_short_gives_the_same_values_when_asked_again(
    start: int, count: int, cut: int
) -> None:
    air = plant(seed=3)
    air.advance(start)
    whole = air.adc_uv(start, count, 100)
    again = air.adc_uv(start, count, 100)
    cut = min(cut, count - 1)
    air.advance(start + cut * 100)
    rest = air.adc_uv(start + cut * 100, count - cut, 100)
    for pin, uv in whole.items():
        assert (uv == again[pin]).all()
        assert np.abs(uv[cut:] - rest[pin]).max() <= 1_000, "one ADC step, from rounding of the course"


def test_seeds_differ_in_noise_and_tolerance() -> None:
    airs = [plant(seed=seed) for seed in range(1, 6)]
    for air in airs:
        air.advance(600_000)
        air.force_ppm("methane", 3_000)
        air.advance(900_000)
    readings = [air.adc_uv(900_000, 600, 100)[34] for air in airs]
    assert np.ptp([uv.mean() for uv in readings]) > 5_000, "tolerance"
    assert len(set((readings[0] - readings[1]).tolist())) > 3, "noise"


def test_the_past_is_remembered_through_leak_window_and_force() -> None:
    air = plant()
    seen = []
    for t_s in range(0, 3_000, 10):
        if t_s == 500:
            air.set_leak("methane", 20)
        if t_s == 1_000:
            air.set_ventilation(10)
        if t_s == 2_000:
            air.force_ppm("methane", 9_000)
        air.advance(t_s * 1000)
        seen.append(air.methane_ppm)
    past = air.history(np.arange(0, 2_990, 10.0))["methane"]
    # A jump counts from its instant on, and was not seen yet by who looked at that instant.
    assert past[199] == 9_000
    seen[199] = 9_000
    assert past == pytest.approx(np.array(seen[:-1]), abs=1)


CSV = "# a comment\nn,MQ5,MQ7,Gas\n0,100,200,A\n1,300,200,A\n2,300,400,B\n"


def replay_file(folder: Path, text: str) -> Path:
    path = folder / "r.csv"
    path.write_text(text)
    return path


def test_a_recording_reaches_the_pin_through_the_boards_divider(tmp_path: Path) -> None:
    replays = load_replay(replay_file(tmp_path, CSV), parse_map("mq4=MQ5,mq7=MQ7"))
    assert replays["methane"].duration_ms == 6_000
    assert [(s.label, s.start_ms, s.end_ms) for s in replays["co"].segments] == [("A", 0, 4_000), ("B", 4_000, 6_000)]
    uv = replays["methane"].pin_uv(np.array([0.0, 1_000.0, 2_000.0, 99_000.0]), SPEC.methane)
    counts = np.array([100, 200, 300, 300])
    assert uv == pytest.approx(counts / 1023 * 5e6 * 10 / 22)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CSV.replace("300,200", "3000,200"), r"r\.csv:4: MQ5 is '3000'; a count from 0 to 1023"),
        (CSV.replace("300,200", "x,200"), r"r\.csv:4: MQ5 is 'x'"),
        (CSV.replace("300,200,A", "300"), r"r\.csv:4: has 2 fields; the head line has 4"),
        (CSV.replace("MQ5", "MQ9"), r"r\.csv:1: has no column 'MQ5'; its columns are n, MQ9, MQ7, Gas"),
        ("# nothing\n", r"r\.csv: holds no samples"),
    ],
)
def test_a_broken_recording_is_one_line_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        load_replay(replay_file(tmp_path, text), parse_map("mq4=MQ5,mq7=MQ7"))


@pytest.mark.parametrize("text", ["", "mq4", "mq4=", "mq9=A", "mq4=A,mq4=B"])
def test_a_map_that_maps_nothing_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="--map"):
        parse_map(text)
