"""A file system that is full."""

from __future__ import annotations

from davy.bench.bench import Bench
from davy.bench.capabilities import Button, GasStimulus, Power, Storage, ValveSense
from davy.bench.device import Device
from davy.codec import EventKind
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
    try:
        methane.clean()
        power.on()
        bench.clock.wait(260)
        button.press()
        bench.clock.wait(5)
        began_ms = methane.ppm(METHANE.step_ppm)
        assert valve.closed_at(began_ms, METHANE.not_after_s + METHANE.valve_s) is not None
        boots = len(device.events(EventKind.BOOT))
        power.cycle(off_s=1)
        bench.clock.wait(20)
        assert device.state().latched
        assert len(device.events(EventKind.BOOT)) == boots + 1
    finally:
        storage.empty()
