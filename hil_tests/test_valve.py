"""The valve: closing, what is told of it, and what is wrong with it."""

from __future__ import annotations

import pytest

from davy.bench.bench import Bench
from davy.bench.capabilities import GasStimulus, LampSense, ValveSense
from davy.bench.device import Device
from davy.codec import CommandKind, EventKind, Fault, ValveState
from hil_tests.limits import METHANE, PATTERN_S
from hil_tests.measure import Measure

HELD = pytest.mark.needs("held valve", lambda bench: bench.spec.valve.kind == "held_nc")


def test_a_command_shuts_the_valve_and_is_answered(
    valve: ValveSense, device: Device, bench: Bench, measure: Measure
) -> None:
    began_ms, began_s = bench.rig.now_ms(), bench.clock.now_s()
    device.command(CommandKind.CLOSE_VALVE)
    closed_ms = valve.closed_at(began_ms, 5)
    measure("commanded_close_time", None if closed_ms is None else closed_ms - began_ms, unit="ms", high=2000)
    bench.clock.wait(2)
    assert device.state().valve_state == ValveState.CLOSED
    assert [event.detail for event in device.events(EventKind.COMMAND, began_s)] == [CommandKind.CLOSE_VALVE]


@HELD
@pytest.mark.needs("meter in the coil's circuit", lambda bench: "coil_ua" in bench.rig.readings)
def test_an_open_valve_is_held_by_its_coil_and_a_closed_one_takes_no_current(
    valve: ValveSense, device: Device, bench: Bench, measure: Measure
) -> None:
    # 12 V solenoid valves of this size take 200..400 mA.
    measure("coil_current_open", valve.coil_ua() / 1000, unit="mA", low=150, high=600)
    device.command(CommandKind.CLOSE_VALVE)
    bench.clock.wait(2)
    measure("coil_current_closed", valve.coil_ua() / 1000, unit="mA", low=-2, high=2)


def test_a_valve_that_does_not_close_is_told(
    methane: GasStimulus, valve: ValveSense, device: Device, lamp: LampSense, bench: Bench
) -> None:
    valve.stick()
    methane.ppm(METHANE.step_ppm)
    bench.clock.wait(40)
    state = device.state()
    assert state.valve_state == ValveState.FAILURE
    assert state.faults >> Fault.VALVE_FEEDBACK & 1
    assert not state.valve_commanded
    assert "yellow" in lamp.seen(PATTERN_S)


@HELD
@pytest.mark.needs("way to break the coil's circuit", lambda bench: "coil_broken" in bench.rig.outputs)
@pytest.mark.needs("coil sense on the board", lambda bench: bench.spec.valve.coil_pin is not None)
def test_a_broken_coil_is_told(valve: ValveSense, device: Device, bench: Bench) -> None:
    valve.break_coil()
    bench.clock.wait(10)
    assert device.state().faults >> Fault.VALVE_COIL & 1


def test_a_contact_wire_that_falls_off_never_reads_as_a_closed_valve(
    methane: GasStimulus, valve: ValveSense, device: Device, bench: Bench
) -> None:
    valve.contact_off()
    methane.ppm(METHANE.step_ppm)
    bench.clock.wait(40)
    state = device.state()
    assert state.valve_state != ValveState.CLOSED
    assert state.faults >> Fault.VALVE_FEEDBACK & 1
