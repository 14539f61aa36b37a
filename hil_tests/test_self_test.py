"""The self-test, and what else a person does at the device."""

from __future__ import annotations

import pytest

from davy.bench.bench import Bench
from davy.bench.capabilities import Button, GasStimulus, LampSense, SirenSense, Tamper, ValveSense
from davy.bench.capabilities.button import LONG_MS
from davy.bench.clock import wait_until
from davy.bench.device import Device
from davy.codec import CommandKind, EventKind, RunState, SelfTest, SelfTestItem, State

_ENDS_WITHIN_S = 90.0


def _ended(device: Device, bench: Bench) -> State:
    wait_until(bench.clock, lambda: device.state().test not in (SelfTest.NONE, SelfTest.RUNNING), _ENDS_WITHIN_S)
    return device.state()


def test_a_press_in_peace_tests_the_device_with_light_and_sound(
    button: Button, siren: SirenSense, lamp: LampSense, device: Device, bench: Bench
) -> None:
    began_ms, began_s = button.press(), bench.clock.now_s()
    assert siren.sounded_at(began_ms, 4) is not None
    assert lamp.seen(1.0) | {edge.line for edge in bench.rig.edges(began_ms) if edge.level} >= {
        "green",
        "yellow",
        "red",
    }
    state = _ended(device, bench)
    assert (state.test, state.test_failed) == (SelfTest.PASSED, 0)
    assert len(device.events(EventKind.SELF_TEST, began_s)) == 1


@pytest.mark.needs("way to break the coil's circuit", lambda bench: "coil_broken" in bench.rig.outputs)
@pytest.mark.needs("coil sense on the board", lambda bench: bench.spec.valve.coil_pin is not None)
def test_a_self_test_names_what_is_broken(valve: ValveSense, device: Device, bench: Bench) -> None:
    valve.break_coil()
    bench.clock.wait(10)
    device.command(CommandKind.SELF_TEST)
    bench.clock.wait(1)
    state = _ended(device, bench)
    assert state.test == SelfTest.FAILED
    assert state.test_failed >> SelfTestItem.VALVE & 1


def test_a_long_press_lets_the_test_move_the_valve(
    button: Button, valve: ValveSense, device: Device, bench: Bench
) -> None:
    began_ms = button.press(LONG_MS)
    assert valve.closed_at(began_ms, 15) is not None
    state = _ended(device, bench)
    assert (state.test, state.test_failed) == (SelfTest.PASSED, 0)
    assert valve.is_closed  # opened again by hand only


def test_an_alarm_cannot_be_muted(methane: GasStimulus, siren: SirenSense, device: Device, bench: Bench) -> None:
    began_ms = methane.ppm(8_000)
    assert siren.sounded_at(began_ms, 60) is not None
    device.command(CommandKind.MUTE)
    bench.clock.wait(5)
    assert device.state().muted_s == 0
    assert siren.starts(bench.rig.now_ms() - 5_000) > 0 or siren.is_on


def test_the_open_case_is_told(tamper: Tamper, device: Device, bench: Bench) -> None:
    tamper.open()
    bench.clock.wait(5)
    state = device.state()
    assert (state.tampered, state.run_state) == (1, RunState.TAMPER)
    tamper.close()
    bench.clock.wait(5)
    assert not device.state().tampered


def test_identify_shows_which_one_it_is(device: Device, lamp: LampSense, bench: Bench) -> None:
    device.command(CommandKind.IDENTIFY)
    bench.clock.wait(1)
    began_ms = bench.rig.now_ms()
    bench.clock.wait(10)
    flickers = sum(edge.line == "green" for edge in bench.rig.edges(began_ms))
    assert flickers > 20
