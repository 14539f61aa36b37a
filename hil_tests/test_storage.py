"""A file system that is full."""

from __future__ import annotations

from davy.bench.bench import Bench
from davy.bench.capabilities import Button, GasStimulus, Power, Storage, ValveSense
from davy.bench.device import Device
from davy.codec import EventKind, Level
from hil_tests.limits import METHANE


def test_with_a_full_flash_the_device_still_alarms_and_latches(
    storage: Storage,
    power: Power,
    methane: GasStimulus,
    valve: ValveSense,
    button: Button,
    device: Device,
    bench: Bench,
) -> None:
    storage.fill()
    network = bench.network if bench.network is not None and bench.network.has_access_point else None
    try:
        methane.clean()
        power.on()
        bench.clock.wait(260)
        if network is not None:
            network.set_access_point(False)  # so that what happens has nowhere to go but the flash
        button.press()
        bench.clock.wait(5)
        began_ms, began_s = methane.ppm(METHANE.step_ppm), bench.clock.now_s()
        assert valve.closed_at(began_ms, METHANE.not_after_s + METHANE.valve_s) is not None
        bench.clock.wait(5)
        assert Level.CRITICAL in [event.detail for event in device.events(EventKind.ALARM, began_s)]
        assert len(device.events(EventKind.LATCHED, began_s)) == 1
        boots = len(device.events(EventKind.BOOT))
        power.cycle(off_s=1)
        bench.clock.wait(20)
        assert device.state().latched
        assert len(device.events(EventKind.BOOT)) == boots + 1
    finally:
        if network is not None:
            network.set_access_point(True)
        storage.empty()
