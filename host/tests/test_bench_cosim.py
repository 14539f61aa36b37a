"""A rig and a device in one virtual time: nothing is seen before it happened, nor later."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from davy.bench.emulation.cosim import TalksForEver
from davy.board.supervised import BOOT_MS
from support.cosim import Programs

# Pins of boards/rig_esp32/wiring.toml and of boards/virtual.
RIG = """
import sys, asyncio, time
from machine import I2C, Pin, Timer
power = Pin(25, Pin.OUT, value=1)
def now():
    return time.ticks_ms()
"""
DEVICE = """
import sys, time
from machine import ADC, Pin, Timer
def now():
    return time.ticks_ms()
"""
#: The rig boots first and powers the device, which boots as long after.
_RIG_BOOTS_MS, _DEVICE_BOOTS_MS = BOOT_MS, 2 * BOOT_MS


def test_what_one_does_the_other_feels_at_that_millisecond_and_may_answer_in_it(tmp_path: Path) -> None:
    rig = (
        RIG
        + """
button = Pin(32, Pin.OUT, value=0)
siren = Pin(23, Pin.IN, Pin.PULL_UP)
def heard(pin):
    print("siren", 1 - siren.value(), now())
siren.irq(heard)
coil = Pin(14, Pin.IN, Pin.PULL_UP)
coil.irq(lambda pin: (print("coil", 1 - coil.value(), now()), button.value(1 - coil.value())))
"""
    )
    device = (
        DEVICE
        + """
relay = Pin(26, Pin.OUT, value=0)
siren = Pin(33, Pin.OUT, value=0)
button = Pin(22, Pin.IN, Pin.PULL_UP)
button.irq(lambda pin: (print("button", 1 - button.value(), now()), siren.value(1 - button.value())))
for wait in (137, 2963, 1, 60011):
    time.sleep_ms(wait)
    relay.value(1 - relay.value())
"""
    )
    bench = Programs(tmp_path, rig, device)
    with bench.world:
        bench.world.run_for(70)
        assert bench.world.crashes == []
    # In ms since each one's own boot.
    device_ms = [137, 3100, 3101, 63112]
    rig_ms = [at + _DEVICE_BOOTS_MS - _RIG_BOOTS_MS for at in device_ms]
    assert bench.said["device"] == [f"button {at + 1 & 1} {ms}" for at, ms in enumerate(device_ms)]
    assert bench.said["rig"] == [
        f"{what} {at + 1 & 1} {ms}" for at, ms in enumerate(rig_ms) for what in ("coil", "siren")
    ]


def test_a_device_that_sleeps_for_long_feels_the_rig_in_the_middle_of_it(tmp_path: Path) -> None:
    rig = (
        RIG
        + """
button = Pin(32, Pin.OUT, value=0)
time.sleep_ms(5003)
button.value(1)
time.sleep_ms(1)
button.value(0)
"""
    )
    device = (
        DEVICE
        + """
button = Pin(22, Pin.IN, Pin.PULL_UP)
button.irq(lambda pin: print("button", 1 - button.value(), now()))
time.sleep_ms(3_600_000)
print("slept", now())
"""
    )
    bench = Programs(tmp_path, rig, device)
    with bench.world:
        bench.world.run_for(3602)
    pressed_ms = _RIG_BOOTS_MS + 5003 - _DEVICE_BOOTS_MS
    assert bench.said["device"] == [f"button 1 {pressed_ms}", f"button 0 {pressed_ms + 1}", "slept 3600000"]


def test_a_voltage_of_the_rig_is_seen_by_the_first_conversion_after_it_and_by_none_before(tmp_path: Path) -> None:
    rig = (
        RIG
        + """
bus = I2C(0, scl=Pin(22), sda=Pin(21))
loop = __import__("machine").ADC(Pin(34), atten=3)
def put(mv):
    bus.writeto(0x60, bytes((0x40, 0x90 | mv >> 8, mv & 255)))
    print("put", mv, now(), loop.read_uv())
put(500)
for wait, mv in ((1001, 2000), (7, 800), (333, 1500)):
    time.sleep_ms(wait)
    put(mv)
"""
    )
    device = (
        DEVICE
        + """
adc = ADC(Pin(34), atten=ADC.ATTN_11DB)
last = 500
while True:
    mv = adc.read_uv() // 1000
    if abs(mv - last) > 50:
        print("sees", mv // 100 * 100 if mv % 100 < 50 else (mv // 100 + 1) * 100, now())
        last = mv
    time.sleep_ms(3)
"""
    )
    bench = Programs(tmp_path, rig, device)
    with bench.world:
        bench.world.run_for(3)
    puts = [tuple(map(int, line.split()[1:])) for line in bench.said["rig"]]
    assert [(mv, loop_uv) for mv, _, loop_uv in puts] == [(mv, mv * 1000) for mv in (500, 2000, 800, 1500)]
    expected = []
    for mv, rig_ms, _ in puts[1:]:
        device_ms = rig_ms + _RIG_BOOTS_MS - _DEVICE_BOOTS_MS
        expected.append(f"sees {mv} {-(-device_ms // 3) * 3}")
    assert bench.said["device"] == expected


def test_the_rig_reads_the_coils_current_as_it_is_at_that_millisecond(tmp_path: Path) -> None:
    rig = (
        RIG
        + """
bus = I2C(0, scl=Pin(22), sda=Pin(21))
broken = Pin(26, Pin.OUT, value=0)
def current_ma():
    bus.writeto(0x40, b"\\x01")
    return int.from_bytes(bus.readfrom(0x40, 2), "big") // 10
def told(why):
    print(why, current_ma(), now())
time.sleep_ms(1399)
told("before")
time.sleep_ms(1)
told("at")
broken.value(1)
told("broken")
broken.value(0)
told("mended")
power.value(0)
told("off")
"""
    )
    device = DEVICE + "relay = Pin(26, Pin.OUT, value=0)\ntime.sleep_ms(1000)\nrelay.value(1)\ntime.sleep_ms(9000)\n"
    bench = Programs(tmp_path, rig, device)
    with bench.world:
        bench.world.run_for(3)
    assert bench.said["rig"] == ["before 0 1399", "at 300 1400", "broken 0 1400", "mended 300 1400", "off 0 1400"]


def test_the_serial_co_line_goes_from_rig_to_device_and_back_in_the_same_millisecond(tmp_path: Path) -> None:
    rig = (
        RIG
        + """
from machine import UART
uart = UART(2, 9600)
async def run():
    stream = asyncio.StreamReader(uart)
    while True:
        heard = await stream.read(9)
        print("asked", heard, now())
        uart.write(b"answer")
asyncio.run(run())
"""
    )
    device = (
        DEVICE
        + """
from machine import UART
uart = UART(1, 9600)
time.sleep_ms(2345)
uart.write(b"question")
print(uart.read(), now())
"""
    )
    bench = Programs(tmp_path, rig, device, board="devkit_ze07")
    with bench.world:
        bench.world.run_for(10)
    assert bench.said["device"] == [f"b'answer' {2345}"]
    assert bench.said["rig"] == [f"asked b'question' {2345 + _DEVICE_BOOTS_MS - _RIG_BOOTS_MS}"]


def test_where_neither_has_anything_to_do_neither_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Programs(tmp_path, RIG + "time.sleep_ms(100_000_000)", DEVICE + "time.sleep_ms(100_000_000)")
    with bench.world:
        bench.world.run_for(5)
        asked = []
        for each in (bench.rig, bench.device):
            monkeypatch.setattr(each, "grant", lambda end_ms: asked.append(end_ms))
        bench.world.run_for(3_600)
        assert (asked, bench.world.now_ms, bench.rig.now_ms) == ([], 3_605_000, 3_605_000)


def test_what_the_network_brings_comes_at_its_time_though_it_was_found_when_the_stretch_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Programs(tmp_path, RIG, DEVICE + "while True:\n    time.sleep_ms(100)\n")
    with bench.world:
        bench.world.run_for(2)
        came: list[tuple[int, int]] = []
        tend = bench.device.radio.tend

        def finds() -> int:
            if not came:
                due_ms = bench.world.now_ms + 8
                came.append((due_ms, 0))
                bench.device.at(due_ms, lambda: came.append((bench.device.now_ms, bench.rig.now_ms)))
            return min(1_000, tend())

        monkeypatch.setattr(bench.device.radio, "tend", finds)
        bench.world.run_for(1)
    assert came == [(2_008, 0), (2_008, 2_008)]


def test_a_program_that_waits_tells_when_it_goes_on(tmp_path: Path) -> None:
    # Of a sleep, of a timer before it, and of a watchdog before both: kernel.py and wire.py speak of the same IDLE.
    sleeps = RIG + "time.sleep_ms(60_000)\n"
    timers = DEVICE + "from machine import WDT\nWDT(timeout=9_000)\ntime.sleep_ms(60_000)\n"
    bench = Programs(tmp_path, sleeps, timers)
    with bench.world:
        bench.world.run_for(3)
        assert (bench.rig.wakes_ms, bench.device.wakes_ms) == (_RIG_BOOTS_MS + 60_000, _DEVICE_BOOTS_MS + 9_000)
        bench.world.run_for(6.8)
        assert bench.device.boots == 1
        bench.world.run_for(1.0)
        assert bench.device.boots == 2


def test_power_reset_and_boot_lines_of_the_rig_do_what_they_do_to_a_chip(tmp_path: Path) -> None:
    rig = (
        RIG
        + """
reset, boot = Pin(18, Pin.OUT, value=0), Pin(19, Pin.OUT, value=0)
def at(ms, pin, level):
    time.sleep_ms(ms - now())
    pin.value(level)
at(1000, reset, 1)
at(2000, reset, 0)  # it runs again
at(4000, boot, 1)
at(4500, reset, 1)
at(5000, reset, 0)  # into its ROM
at(5500, boot, 0)
at(7000, reset, 1)
at(7001, reset, 0)
at(9000, power, 0)
at(9500, reset, 1)
at(10000, power, 1)  # held
at(11000, reset, 0)
"""
    )
    bench = Programs(tmp_path, rig, DEVICE + "time.sleep_ms(100_000)\n")
    with bench.world:
        bench.world.run_for(15)
    boots = [event.t_ms for event in bench.seen if event.kind == "boot"]
    assert boots == [ms + _RIG_BOOTS_MS + BOOT_MS for ms in (0, 2000, 7001, 11000)]


def test_a_device_that_is_dead_stays_so_through_a_power_cycle(tmp_path: Path) -> None:
    rig = RIG + "time.sleep_ms(5000)\npower.value(0)\ntime.sleep_ms(1000)\npower.value(1)\n"
    bench = Programs(tmp_path, rig, DEVICE + "time.sleep_ms(100_000)\n")
    with bench.world:
        bench.world.run_for(2)
        bench.world.harness.kill_device(True)
        bench.world.run_for(10)
        assert bench.device.boots == 1
        bench.world.harness.kill_device(False)
        bench.world.run_for(1)
        assert bench.device.boots == 2


def test_a_program_that_acts_for_ever_in_no_time_is_told_so(tmp_path: Path) -> None:
    rig = (
        RIG
        + "button = Pin(32, Pin.OUT, value=0)\ntime.sleep_ms(1000)\nwhile True:\n    button.value(1 - button.value())\n"
    )
    bench = Programs(tmp_path, rig, DEVICE)
    with bench.world, pytest.raises(TalksForEver, match=f"at {1000 + _RIG_BOOTS_MS} ms"):
        bench.world.run_for(10)


@pytest.mark.parametrize("who", ["rig", "device"])
def test_a_program_whose_process_dies_is_told_and_starts_anew(tmp_path: Path, who: str) -> None:
    bench = Programs(tmp_path, RIG + "time.sleep_ms(100_000)\n", DEVICE + "while True:\n    time.sleep_ms(100)\n")
    with bench.world:
        bench.world.run_for(2)
        victim = bench.rig if who == "rig" else bench.device
        assert victim.pid is not None
        os.kill(victim.pid, signal.SIGKILL)
        if who == "rig":
            bench.rig.console.type(b"x")  # it has something to do
        bench.world.run_for(3)
        assert victim.boots == 2
        assert len(bench.world.crashes) == 1
        assert bench.world.crashes[0].startswith(f"the {who} at ")
