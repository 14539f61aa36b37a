"""Who the device is: over its line, by proof, and after a re-flash."""

from __future__ import annotations

import pytest

from davy.bench.bench import Bench
from davy.bench.device import Device
from davy.bench.states import States
from davy.codec import Capability
from hil_tests.measure import Measure


def test_it_says_who_it_is_and_what_it_runs(device: Device, bench: Bench) -> None:
    hello = device.hello()
    assert hello.identifier == bench.unit.identifier
    assert hello.board.rstrip(b"\0").decode() == bench.spec.name
    if bench.image.sha256:  # a bench that takes devices as they come knows of none
        assert hello.image_hash.hex() == bench.image.sha256[:16]


def test_it_knows_how_old_its_calibration_is(device: Device, bench: Bench, measure: Measure) -> None:
    if bench.network is not None:
        bench.clock.wait(30)  # its clock comes from the network
    measure("calibration_age", device.hello().calibration_days, unit="d", low=0, high=366)


@pytest.mark.needs("unit's secret", lambda bench: bool(bench.unit.secret))
def test_it_proves_who_it_is(device: Device) -> None:
    assert device.hello().capabilities >> Capability.SECRET & 1
    assert device.proves_itself()


@pytest.mark.needs("unit's secret", lambda bench: bool(bench.unit.secret))
@pytest.mark.needs("program to write", lambda bench: bench.programmer is not None)
def test_the_identity_survives_a_reflash(device: Device, bench: Bench, states: States) -> None:
    kept = False
    try:
        states.reflash()
        bench.rig.set("power", 1)
        bench.clock.wait(15)
        kept = device.hello().identifier == bench.unit.identifier and device.proves_itself()
    finally:
        if not kept:
            states.reprovision()  # a device that forgot who it is fails here, and is no wrong device for the next test
    assert kept
