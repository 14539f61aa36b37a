"""Carbon monoxide: by dose, as the standards' windows ask."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from davy.bench.bench import Bench
from davy.bench.capabilities import CoUart, GasStimulus, SirenSense, ValveSense
from davy.bench.device import Device
from davy.codec import Fault, Level
from hil_tests.limits import CO, CoLimits
from hil_tests.measure import Measure


@pytest.fixture
def tell_co(request: pytest.FixtureRequest, bench: Bench) -> Callable[[float], int]:
    """Puts a CO concentration on, by whichever way the board's sensor is read."""
    way = "co" if CoUart.missing(bench) else "co_uart"
    stimulus: GasStimulus | CoUart = request.getfixturevalue(way)
    return stimulus.ppm


@pytest.fixture
def limits(bench: Bench) -> CoLimits:
    return CO[bench.spec.profile]


HAS_CO = pytest.mark.needs(
    "CO sensor that the rig stands for", lambda bench: bool({"co_uv", "co_tenths_ppm"} & bench.rig.outputs)
)


@HAS_CO
def test_much_co_alarms_soon_and_shuts_the_valve(
    tell_co: Callable[[float], int],
    limits: CoLimits,
    siren: SirenSense,
    valve: ValveSense,
    device: Device,
    measure: Measure,
) -> None:
    began_ms = tell_co(limits.high_ppm)
    alarm_ms = siren.sounded_at(began_ms, 2 * limits.high_s)
    measure(
        "co_high_alarm_time", None if alarm_ms is None else (alarm_ms - began_ms) / 1000, unit="s", high=limits.high_s
    )
    assert valve.closed_at(began_ms, 2 * limits.high_s) is not None
    assert device.state().co_level == Level.CRITICAL


@HAS_CO
@pytest.mark.hours
def test_a_little_co_for_long_alarms_within_its_window(
    tell_co: Callable[[float], int], limits: CoLimits, siren: SirenSense, measure: Measure
) -> None:
    began_ms = tell_co(limits.low_ppm)
    alarm_ms = siren.sounded_at(began_ms, limits.low_min[1] * 60 + 600)
    minutes = None if alarm_ms is None else (alarm_ms - began_ms) / 60_000
    measure("co_low_alarm_time", minutes, unit="min", low=limits.low_min[0], high=limits.low_min[1])


@HAS_CO
@pytest.mark.hours
def test_co_that_harms_nobody_never_alarms(
    tell_co: Callable[[float], int], limits: CoLimits, siren: SirenSense, valve: ValveSense, bench: Bench
) -> None:
    began_ms = tell_co(limits.never_ppm)
    bench.clock.wait(limits.never_min * 60)
    assert siren.starts(began_ms) == 0
    assert not valve.is_closed


def test_a_serial_co_module_that_falls_silent_is_a_fault(co_uart: CoUart, device: Device, bench: Bench) -> None:
    co_uart.silent()
    bench.clock.wait(30)
    state = device.state()
    assert state.faults >> Fault.CO_SENSOR & 1
    assert state.co_ppm is None


def test_what_a_serial_co_module_garbles_is_no_number(co_uart: CoUart, device: Device, bench: Bench) -> None:
    co_uart.ppm(40)
    co_uart.garbled()
    bench.clock.wait(30)
    state = device.state()
    assert state.faults >> Fault.CO_SENSOR & 1
    assert state.co_ppm is None


def test_a_co_sensor_without_current_is_a_fault(co: GasStimulus, device: Device, bench: Bench) -> None:
    co.unplug()
    bench.clock.wait(330)
    state = device.state()
    assert state.faults >> Fault.CO_SENSOR & 1
    assert state.co_ppm is None
    assert state.methane_ppm is not None  # the other gas is guarded all the same
