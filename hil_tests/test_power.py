"""The supply: what fails with it is shut, and what comes back protects."""

from __future__ import annotations

import pytest

from davy.bench.bench import Bench
from davy.bench.capabilities import Button, GasStimulus, LampSense, Power, ResetLines, SirenSense, ValveSense
from davy.bench.device import Device
from davy.codec import EventKind, RunState, Status
from hil_tests.limits import METHANE
from hil_tests.measure import Measure

PWRON = 1
HELD = pytest.mark.needs("held valve", lambda bench: bench.spec.valve.kind == "held_nc")


@HELD
def test_a_power_cut_shuts_a_held_valve(power: Power, valve: ValveSense, bench: Bench, measure: Measure) -> None:
    cut_ms = power.off()
    closed_ms = valve.closed_at(cut_ms, 5)
    measure("power_cut_close_time", None if closed_ms is None else closed_ms - cut_ms, unit="ms", high=1000)


def test_power_that_comes_back_opens_nothing(power: Power, valve: ValveSense, device: Device, bench: Bench) -> None:
    back_ms = power.cycle(off_s=2)
    bench.clock.wait(300)
    assert valve.opens(back_ms) == 0
    assert device.state().run_state == RunState.NORMAL


def test_a_brown_out_resets_the_device_and_is_told(
    power: Power, valve: ValveSense, device: Device, bench: Bench
) -> None:
    began_s = bench.clock.now_s()
    power.brown_out(50)
    bench.clock.wait(20)
    assert [event.detail for event in device.events(EventKind.BOOT, began_s)] == [PWRON]
    assert valve.is_closed


def test_dips_of_the_supply_one_after_the_other_end_in_a_device_that_protects(
    power: Power, methane: GasStimulus, valve: ValveSense, siren: SirenSense, bench: Bench
) -> None:
    for dip_ms in (5, 20, 80, 300, 1_000):
        power.brown_out(dip_ms)
        bench.clock.wait(1.7)
    bench.clock.wait(10)
    began_ms = methane.ppm(METHANE.always_by_ppm + 5_000)
    assert siren.sounded_at(began_ms, 60) is not None
    assert valve.is_closed
    assert bench.device.state().methane_ppm is not None


def test_gas_during_the_preheat_still_alarms(
    power: Power, methane: GasStimulus, siren: SirenSense, measure: Measure
) -> None:
    power.off()
    methane.ppm(METHANE.always_by_ppm + 2_500)
    on_ms = power.on()
    alarm_ms = siren.sounded_at(on_ms, 180)
    measure("alarm_time_in_preheat", None if alarm_ms is None else (alarm_ms - on_ms) / 1000, unit="s", high=120)


def test_the_preheat_is_shown_and_opens_nothing(
    power: Power, valve: ValveSense, button: Button, lamp: LampSense, device: Device, bench: Bench
) -> None:
    on_ms = power.cycle(off_s=2)
    bench.clock.wait(60)
    state = device.state()
    assert (state.run_state, state.methane_status) in (
        (RunState.PREHEAT, Status.OK),
        (RunState.PREHEAT, Status.WARMING),
    )
    assert lamp.seen() == {"green"}
    button.press()
    bench.clock.wait(5)
    assert valve.opens(on_ms) == 0


@HELD
def test_a_chip_held_in_reset_leaves_the_valve_shut(
    reset_lines: ResetLines, valve: ValveSense, bench: Bench, measure: Measure
) -> None:
    held_ms = reset_lines.hold()
    closed_ms = valve.closed_at(held_ms, 5)
    reset_lines.release()
    measure("reset_close_time", None if closed_ms is None else closed_ms - held_ms, unit="ms", high=1000)
    bench.clock.wait(15)
    assert valve.opens(held_ms) == 0
