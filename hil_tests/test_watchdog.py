"""A safety loop that stands still does not stay unnoticed."""

from __future__ import annotations

from davy.bench.bench import Bench
from davy.bench.capabilities import Console, ValveSense
from davy.bench.device import Device
from davy.codec import EventKind
from hil_tests.measure import Measure

WDT = 3


def test_a_loop_that_stands_still_is_ended_by_the_watchdog(
    console: Console, valve: ValveSense, device: Device, bench: Bench, measure: Measure
) -> None:
    assert console.interrupt()
    began_ms, began_s = bench.rig.now_ms(), bench.clock.now_s()
    console.run("from machine import Timer; Timer(0).deinit()")
    # Eight seconds without a good step, and the reset lets a held valve go.
    closed_ms = valve.closed_at(began_ms, 30)
    measure("watchdog_close_time", None if closed_ms is None else (closed_ms - began_ms) / 1000, unit="s", high=10)
    bench.clock.wait(10)
    assert [event.detail for event in device.events(EventKind.BOOT, began_s)] == [WDT]
