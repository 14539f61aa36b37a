"""A rig and a device in one virtual time: nothing is seen before it happened, nor later, and the same seed gives the same run."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from davy.bench.emulation.cosim import TalksForEver
from davy.bench.emulation.emulated import EmulatedBench, EmulatedSpec
from davy.bench.rig import RELEASED, Edge
from davy.board.supervised import BOOT_MS
from davy.image.boardfile import load_board
from davy.image.build import Image, build_image
from davy.image.settings import Settings
from support.cosim import Programs, serial_rig

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


# The real firmwares


@pytest.fixture(scope="module")
def image() -> Image:
    return build_image(load_board("virtual"), Settings(wifi=None, broker=None))


@pytest.fixture
def bench(tmp_path: Path, image: Image) -> Iterator[EmulatedBench]:
    made = EmulatedBench(EmulatedSpec(image=image, seed=3), tmp_path)
    yield made
    made.close()


def _to_duty(bench: EmulatedBench) -> tuple[list[Edge], bytes, bytes]:
    """Through the preheat, the valve opened, an alarm and back: edges, and what rig and device have said."""
    rig, clock, line = serial_rig(bench)
    for output in ("methane_uv", "co_uv"):
        rig.set(output, 500_000)
    clock.wait(185.0)
    rig.set("button", 1, 300)
    clock.wait(2.0)
    rig.play("methane_uv", 50, [500_000 + 5_000 * step for step in range(100)])
    clock.wait(8.0)
    rig.set("methane_uv", 2_000_000)
    clock.wait(15.0)
    edges = rig.edges(0)
    return edges, line.all, bench.take("wired")


def test_from_host_over_the_rigs_dac_and_the_devices_valve_back_to_the_rigs_current_sensor(
    bench: EmulatedBench,
) -> None:
    rig, clock, _ = serial_rig(bench)
    for output in ("methane_uv", "co_uv"):
        rig.set(output, 500_000)
    clock.wait(185.0)
    assert (rig.level("coil"), rig.level("contact"), rig.reading("coil_ua")) == (0, 1, 0)
    pressed_ms = rig.set("button", 1, 300)
    clock.wait(3.0)
    assert (rig.level("coil"), rig.level("contact"), rig.reading("coil_ua")) == (1, 0, 300_000)
    assert (rig.reading("coil_bus_uv"), rig.reading("supply_uv")) == (12_000_000, 5_000_000)
    [on] = [edge.t_ms for edge in rig.edges(pressed_ms) if (edge.line, edge.level) == ("coil", 1)]
    [opened] = [edge.t_ms for edge in rig.edges(pressed_ms) if (edge.line, edge.level) == ("contact", 0)]
    assert pressed_ms < on < pressed_ms + 1_000
    assert opened == on + 300

    leaks_ms = rig.set("methane_uv", 2_000_000)
    assert rig.reading("methane_loop_uv") == 2_000_000
    clock.wait(15.0)
    edges = rig.edges(leaks_ms)
    [off] = [edge.t_ms for edge in edges if edge.line == "coil"]
    [closed] = [edge.t_ms for edge in edges if edge.line == "contact"]
    assert leaks_ms < off < leaks_ms + 10_000
    assert Edge(off, "siren", 1) in edges
    assert Edge(off, "red", 1) in edges
    assert closed == off + 300
    assert rig.reading("coil_ua") == 0
    assert bench.world.crashes == []


def test_a_line_that_is_let_go_reads_as_no_sensor(bench: EmulatedBench) -> None:
    rig, clock, _ = serial_rig(bench)
    for output in ("methane_uv", "co_uv"):
        rig.set(output, 500_000)
    clock.wait(185.0)
    rig.set("button", 1, 300)
    clock.wait(3.0)
    gone_ms = rig.set("methane_uv", RELEASED)
    assert rig.reading("methane_loop_uv") == 0
    clock.wait(10.0)
    assert ("yellow", 1) in [(edge.line, edge.level) for edge in rig.edges(gone_ms)]


def test_a_broken_coil_draws_nothing(bench: EmulatedBench) -> None:
    rig, clock, _ = serial_rig(bench)
    for output in ("methane_uv", "co_uv"):
        rig.set(output, 500_000)
    clock.wait(185.0)
    rig.set("button", 1, 300)
    clock.wait(3.0)
    broken_ms = rig.set("coil_broken", 1)
    assert rig.reading("coil_ua") == 0
    assert Edge(broken_ms, "coil", 0) in rig.edges(broken_ms)


def test_the_same_seed_gives_the_same_run_to_the_millisecond_and_to_the_byte(tmp_path: Path, image: Image) -> None:
    runs = []
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        made = EmulatedBench(EmulatedSpec(image=image, seed=5), folder)
        try:
            runs.append(_to_duty(made))
        finally:
            made.close()
    assert len(runs[0][0]) > 10
    assert runs[0] == runs[1]


def test_a_rig_that_loses_its_supply_takes_the_devices_with_it_and_says_another_session(bench: EmulatedBench) -> None:
    _, _, line = serial_rig(bench)
    bench.restart_rig()
    assert not bench.world.device.powered
    bench.run(2_000)
    assert bench.world.device.powered
    assert re.search(rb"davy rig .*davy rig ", line.read(), re.DOTALL)


def test_a_serial_co_module_of_the_rig_raises_the_devices_alarm_and_its_silence_is_a_fault(tmp_path: Path) -> None:
    image = build_image(load_board("devkit_ze07"), Settings.reporting_off())
    made = EmulatedBench(EmulatedSpec(board="devkit_ze07", image=image, seed=6), tmp_path)
    try:
        rig, clock, _ = serial_rig(made)
        rig.set("methane_uv", 500_000)
        clock.wait(200.0)
        rig.set("button", 1, 300)
        clock.wait(3.0)
        assert (rig.level("coil"), rig.level("siren"), rig.level("yellow")) == (1, 0, 0)
        silent_ms = rig.set("co_mode", 0)
        clock.wait(30.0)
        assert ("yellow", 1) in [(edge.line, edge.level) for edge in rig.edges(silent_ms)]
        rig.set("co_mode", 1)
        clock.wait(30.0)
        rises_ms = rig.set("co_tenths_ppm", 3_500)
        clock.wait(180.0)
        assert ("siren", 1) in [(edge.line, edge.level) for edge in rig.edges(rises_ms)]
        assert rig.level("red") == 1
    finally:
        made.close()


def test_the_access_point_of_a_bench_is_joined_and_its_loss_is_noticed(tmp_path: Path) -> None:
    image = build_image(load_board("virtual"), Settings())
    made = EmulatedBench(EmulatedSpec(image=image, seed=6), tmp_path)
    try:
        seen: list[str] = []
        made.world.device.listen(lambda event: seen.append(event.data["state"]) if event.kind == "wifi" else None)
        made.run(20_000)
        assert "joined" in seen
        made.set_wifi(False)
        made.run(10_000)
        assert "lost" in seen
    finally:
        made.close()
