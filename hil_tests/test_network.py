"""Nothing on a network delays the valve, and nothing that happens meanwhile is lost."""

from __future__ import annotations

import pytest

from davy.bench.bench import Bench
from davy.bench.capabilities import Button, GasStimulus, Network, Power, SirenSense, ValveSense
from davy.bench.device import Device
from davy.codec import EventKind
from hil_tests.limits import METHANE
from hil_tests.measure import Measure

CAN_LOSE_WIFI = pytest.mark.needs("access point that it can switch", lambda bench: bench.network.has_access_point)
CAN_JUMP = pytest.mark.needs("time server of its own", lambda bench: bench.network.has_clock)


def test_an_alarm_reaches_the_monitor(
    network: Network, methane: GasStimulus, siren: SirenSense, bench: Bench, measure: Measure
) -> None:
    before = len(network.stored(EventKind.ALARM))
    began_ms = methane.ppm(METHANE.step_ppm)
    alarm_ms = siren.sounded_at(began_ms, 60)
    assert alarm_ms is not None
    stored = network.stores(EventKind.ALARM, before, 30)
    measure("alarm_stored_time", (bench.rig.now_ms() - alarm_ms) / 1000 if stored else None, unit="s", high=15)


def test_without_its_broker_the_device_shuts_the_valve_and_loses_nothing(
    network: Network, methane: GasStimulus, valve: ValveSense, device: Device, bench: Bench
) -> None:
    before, boots = len(network.stored(EventKind.ALARM)), len(device.events(EventKind.BOOT))
    network.broker(False)
    try:
        bench.clock.wait(120)
        began_ms = methane.ppm(METHANE.step_ppm)
        assert valve.closed_at(began_ms, METHANE.not_after_s + METHANE.valve_s) is not None
        bench.clock.wait(60)
        assert device.state().waiting_events > 0
    finally:
        network.broker(True)
    assert network.stores(EventKind.ALARM, before, 300)
    assert len(device.events(EventKind.BOOT)) == boots


@CAN_LOSE_WIFI
def test_without_wifi_the_device_shuts_the_valve_and_loses_nothing(
    network: Network, methane: GasStimulus, valve: ValveSense, device: Device, bench: Bench
) -> None:
    before, boots = len(network.stored(EventKind.ALARM)), len(device.events(EventKind.BOOT))
    network.access_point(False)
    try:
        bench.clock.wait(120)
        began_ms = methane.ppm(METHANE.step_ppm)
        assert valve.closed_at(began_ms, METHANE.not_after_s + METHANE.valve_s) is not None
    finally:
        network.access_point(True)
    assert network.stores(EventKind.ALARM, before, 300)
    assert len(device.events(EventKind.BOOT)) == boots


@CAN_LOSE_WIFI
def test_an_alarm_outlives_a_power_cut_without_wifi(
    network: Network, methane: GasStimulus, valve: ValveSense, power: Power, bench: Bench
) -> None:
    before = len(network.stored(EventKind.ALARM))
    network.access_point(False)
    try:
        began_ms = methane.ppm(METHANE.step_ppm)
        assert valve.closed_at(began_ms, METHANE.not_after_s + METHANE.valve_s) is not None
        bench.clock.wait(5)
        power.off()
        methane.clean()  # what is stored then is no second alarm, after the preheat
        bench.clock.wait(1)
        power.on()
        bench.clock.wait(10)
    finally:
        network.access_point(True)
    assert network.stores(EventKind.ALARM, before, 300)


@CAN_JUMP
def test_a_clock_that_jumps_changes_nothing_at_the_valve(
    network: Network,
    methane: GasStimulus,
    valve: ValveSense,
    power: Power,
    button: Button,
    device: Device,
    bench: Bench,
) -> None:
    network.jump_clock(20 * 365 * 86_400)
    try:
        power.cycle(off_s=1)
        bench.clock.wait(300)
        button.press()
        bench.clock.wait(5)
        boots = len(device.events(EventKind.BOOT))
        network.jump_clock(-20 * 365 * 86_400)
        assert not valve.is_closed
        began_ms = methane.ppm(METHANE.step_ppm)
        assert valve.closed_at(began_ms, METHANE.not_after_s + METHANE.valve_s) is not None
        bench.clock.wait(60)
        assert len(device.events(EventKind.BOOT)) == boots
    finally:
        power.cycle(off_s=1)
