"""The latch: nothing but a hand at the device, in clean air, opens the valve again."""

from __future__ import annotations

import pytest

from davy.bench.bench import Bench
from davy.bench.capabilities import Button, GasStimulus, Power, ValveSense
from davy.bench.device import Device
from davy.codec import CommandKind, RunState
from hil_tests.limits import METHANE
from hil_tests.measure import Measure


@pytest.fixture
def latched(methane: GasStimulus, valve: ValveSense, device: Device, bench: Bench) -> int:
    """An alarm has been, and the air is clean again. Gives the rig's ms since when the valve must stay shut."""
    began_ms = methane.ppm(METHANE.step_ppm)
    assert valve.closed_at(began_ms, 60) is not None
    methane.clean()
    bench.clock.wait(30)
    return bench.rig.now_ms()


def test_clean_air_alone_does_not_open_the_valve(latched: int, valve: ValveSense, device: Device, bench: Bench) -> None:
    bench.clock.wait(300)
    assert valve.opens(latched) == 0
    state = device.state()
    assert (state.latched, state.run_state) == (1, RunState.LATCHED)


def test_the_button_opens_it_in_clean_air(
    latched: int, valve: ValveSense, button: Button, device: Device, measure: Measure
) -> None:
    pressed_ms = button.press()
    opened_ms = valve.opened_at(pressed_ms, 5)
    measure("release_time", None if opened_ms is None else opened_ms - pressed_ms, unit="ms", high=2000)
    assert not device.state().latched


def test_the_button_does_not_open_it_while_there_is_gas(
    methane: GasStimulus, valve: ValveSense, button: Button, device: Device, bench: Bench
) -> None:
    began_ms = methane.ppm(METHANE.step_ppm)
    closed_ms = valve.closed_at(began_ms, 60)
    assert closed_ms is not None
    # Below the alarm, and above where it clears.
    methane.ppm(METHANE.set_point_ppm - 300)
    bench.clock.wait(20)
    button.press()
    bench.clock.wait(5)
    assert valve.opens(closed_ms) == 0
    assert device.state().latched


def test_the_latch_survives_a_power_cut(
    latched: int, valve: ValveSense, power: Power, device: Device, bench: Bench
) -> None:
    power.cycle(off_s=2)
    bench.clock.wait(250)
    assert valve.opens(latched) == 0
    assert device.state().latched


def test_no_command_opens_the_valve(latched: int, valve: ValveSense, device: Device, bench: Bench) -> None:
    for kind in (CommandKind.CLOSE_VALVE, CommandKind.MUTE, CommandKind.SELF_TEST, CommandKind.IDENTIFY):
        device.command(kind)
        bench.clock.wait(3)
        if device.unit.secret:
            device.command(kind, sealed=True)
            bench.clock.wait(3)
    assert valve.opens(latched) == 0
    assert device.state().latched
