"""Methane: when the alarm comes, and when it must not."""

from __future__ import annotations

import pytest

from davy.bench.bench import Bench
from davy.bench.capabilities import GasStimulus, LampSense, SirenSense, ValveSense
from davy.bench.device import Device
from davy.codec import Level, RunState
from hil_tests.limits import METHANE, PATTERN_S
from hil_tests.measure import Measure


def test_a_leak_sounds_the_siren_and_shuts_the_valve_in_time(
    methane: GasStimulus, siren: SirenSense, valve: ValveSense, lamp: LampSense, device: Device, measure: Measure
) -> None:
    began_ms = methane.ppm(METHANE.step_ppm)
    alarm_ms = siren.sounded_at(began_ms, 2 * METHANE.not_after_s)
    measure(
        "methane_alarm_time",
        None if alarm_ms is None else (alarm_ms - began_ms) / 1000,
        unit="s",
        low=METHANE.not_before_s,
        high=METHANE.not_after_s,
    )
    closed_ms = valve.closed_at(began_ms, 2 * METHANE.not_after_s)
    measure(
        "valve_close_time",
        None if closed_ms is None or alarm_ms is None else closed_ms - alarm_ms,
        unit="ms",
        low=0,
        high=1000 * METHANE.valve_s,
        marginal=0.8,
    )
    assert "red" in lamp.seen(PATTERN_S)
    state = device.state()
    assert (state.run_state, state.methane_level, state.latched) == (RunState.CRITICAL, Level.CRITICAL, 1)


def test_the_device_reads_what_is_there(methane: GasStimulus, device: Device, bench: Bench, measure: Measure) -> None:
    for ppm in (2_000, 5_000):
        methane.ppm(ppm)
        bench.clock.wait(10)
        measure(
            f"methane_reading_at_{ppm}_ppm", device.state().methane_ppm, unit="ppm", low=0.85 * ppm, high=1.15 * ppm
        )
        if ppm == 2_000:
            methane.clean()
            bench.clock.wait(10)


def test_methane_below_5_percent_lel_is_no_alarm(
    methane: GasStimulus, siren: SirenSense, valve: ValveSense, device: Device, bench: Bench
) -> None:
    began_ms = methane.ppm(METHANE.never_below_ppm - 100)
    bench.clock.wait(300)
    assert siren.starts(began_ms) == 0
    assert not valve.is_closed
    assert device.state().methane_level == Level.NORMAL


def test_a_slow_rise_alarms_around_the_set_point(methane: GasStimulus, siren: SirenSense, measure: Measure) -> None:
    # 1 %LEL a minute, as the alarm-value test of GB 15322 rises at most.
    low_ppm, high_ppm = METHANE.never_below_ppm, METHANE.always_by_ppm
    rise_s = (high_ppm - low_ppm) / 500 * 60
    began_ms = methane.ramp(low_ppm, high_ppm, rise_s)
    alarm_ms = siren.sounded_at(began_ms, rise_s + 60)
    alarm_ppm = None if alarm_ms is None else low_ppm + (alarm_ms - began_ms) / 1000 / rise_s * (high_ppm - low_ppm)
    measure(
        "methane_alarm_value",
        alarm_ppm,
        unit="ppm",
        low=METHANE.set_point_ppm - METHANE.set_point_within_ppm,
        high=METHANE.set_point_ppm + METHANE.set_point_within_ppm,
        marginal=0.8,
    )


@pytest.mark.usefixtures("quiet_radio")
def test_methane_above_25_percent_lel_alarms_at_once(methane: GasStimulus, valve: ValveSense, measure: Measure) -> None:
    began_ms = methane.ppm(METHANE.always_by_ppm + 2_500)
    closed_ms = valve.closed_at(began_ms, 60)
    measure(
        "urgent_valve_close_time",
        None if closed_ms is None else (closed_ms - began_ms) / 1000,
        unit="s",
        high=METHANE.urgent_s,
    )


def test_methane_over_range_is_an_alarm_without_a_number(
    methane: GasStimulus, valve: ValveSense, device: Device
) -> None:
    began_ms = methane.ppm(100_000)
    assert valve.closed_at(began_ms, 30) is not None
    state = device.state()
    assert state.methane_level == Level.CRITICAL
    assert state.methane_ppm is None
