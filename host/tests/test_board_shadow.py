"""The shadow modules behave as the ESP32 port: what it offers, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.bench_board import bench_board


def said(folder: Path, main: str, seconds: float = 2.0, ticks_start: int = 0) -> list[str]:
    bench = bench_board(folder, main, ticks_start=ticks_start)
    with bench.board as board:
        board.run_for(seconds)
    return bench.console()


REFUSALS = [
    ("Pin(6)", "ValueError('invalid pin',)"),
    ("Pin(40)", "ValueError('invalid pin',)"),
    ("Pin(34, Pin.OUT)", "ValueError('pin can only be input',)"),
    ("Pin(36, Pin.IN, Pin.PULL_UP)", "ValueError('pins 34~39 do not have pull-up or pull-down circuitry',)"),
    ("PWM(Pin(35))", "ValueError('pin can only be input',)"),
    ("PWM(Pin(25), freq=0)", "ValueError('frequency must be from 1Hz to 40MHz',)"),
    ("PWM(Pin(25), duty_u16=65536)", "ValueError('duty_u16 must be from 0 to 65535',)"),
    ("ADC(Pin(22))", "ValueError('invalid pin',)"),
    ("ADC(Pin(34), atten=4)", "ValueError('invalid atten',)"),
    ("Timer(4)", "ValueError('invalid Timer number',)"),
    ("Timer(-1)", "ValueError('invalid Timer number',)"),
    ("UART(3)", "ValueError('UART(3) does not exist',)"),
    ("WDT(timeout=0)", "ValueError('WDT timeout too short',)"),
    ("NVS('a' * 16)", "OSError(-4358, 'ESP_ERR_NVS_INVALID_NAME')"),
    ("NVS('a').get_i32('missing')", "OSError(-4354, 'ESP_ERR_NVS_NOT_FOUND')"),
    ("NVS('a').get_i32('k' * 16)", "OSError(-4361, 'ESP_ERR_NVS_KEY_TOO_LONG')"),
    ("NVS('a').set_i32('k', 1 << 31)", "OverflowError('overflow converting long int to machine word',)"),
    ("network.WLAN(network.STA_IF).connect('x', 'y')", "OSError(12290, 'Wifi Not Started')"),
    ("socket.getaddrinfo('broker.davy.lan', 1883)", "OSError(-202,)"),
    ("time.ticks_add(0, 1 << 29)", "OverflowError('ticks interval overflow',)"),
]


def test_what_the_chip_refuses_is_refused(tmp_path: Path) -> None:
    lines = ["import network, socket, time", "from machine import *", "from esp32 import NVS"]
    for expression, _ in REFUSALS:
        lines += [
            "try:",
            f"    {expression}",
            "    print('took it')",
            "except Exception as error:",
            "    print(repr(error))",
        ]
    answers = said(tmp_path, "\n".join(lines), seconds=10)
    assert list(zip((e for e, _ in REFUSALS), answers, strict=True)) == REFUSALS


def test_adc2_fails_while_the_radio_is_on_and_reads_when_it_is_off(tmp_path: Path) -> None:
    main = """
import network
from machine import ADC, Pin
adc = ADC(Pin(25), atten=ADC.ATTN_11DB)
wlan = network.WLAN(network.STA_IF)
for on in (False, True, False):
    wlan.active(on)
    try:
        print(adc.read_uv() >= 0)
    except OSError as error:
        print(error.args)
"""
    assert said(tmp_path, main) == ["True", "(116, 'ESP_ERR_TIMEOUT')", "True"]


def test_ticks_wrap_at_2_to_the_30_and_differences_cross_the_wrap(tmp_path: Path) -> None:
    main = """
import time
before = time.ticks_ms()
time.sleep_ms(500)
after = time.ticks_ms()
print(before, after, time.ticks_diff(after, before), time.ticks_diff(before, after))
"""
    start = (1 << 30) - 200
    assert said(tmp_path, main, ticks_start=start) == [f"{start} 300 500 -500"]


def test_a_periodic_timer_fires_on_time_through_sleeps_and_an_exception_in_it_is_told(tmp_path: Path) -> None:
    main = """
import time
from machine import Timer
count = 0
def tick(timer):
    global count
    count += 1
    if count == 3:
        raise ValueError("third")
t = Timer(0)
t.init(period=100, mode=Timer.PERIODIC, callback=tick)
time.sleep_ms(1000)
print("fired", count)
t.deinit()
time.sleep_ms(500)
print("still", count)
"""
    answers = said(tmp_path, main)
    assert answers[-2:] == ["fired 10", "still 10"]
    assert "ValueError: third" in answers


def test_a_dns_look_up_blocks_and_the_timer_comes_late(tmp_path: Path) -> None:
    # On the chip a scheduled callback waits for a blocking C call.
    main = """
import socket, time
from machine import Timer
seen = []
Timer(0).init(period=100, mode=Timer.PERIODIC, callback=lambda t: seen.append(time.ticks_ms()))
try:
    socket.getaddrinfo("nowhere.lan", 1)
except OSError:
    pass
print(len(seen), time.ticks_ms())
time.sleep_ms(1)
print(len(seen) > 30)
"""
    assert said(tmp_path, main, seconds=6) == ["0 4000", "True"]


def test_a_watchdog_that_is_not_fed_resets_with_its_cause(tmp_path: Path) -> None:
    main = """
import machine, time
print("cause", machine.reset_cause())
if machine.reset_cause() == machine.PWRON_RESET:
    wdt = machine.WDT(timeout=1000)
    time.sleep_ms(900)
    wdt.feed()
    time.sleep_ms(900)
    wdt.feed()
    print("fed")
    time.sleep_ms(5000)
    print("never")
"""
    bench = bench_board(tmp_path, main)
    with bench.board as board:
        board.run_for(10)
    assert bench.console() == ["cause 1", "fed", "cause 3"]
    assert bench.times("reset") == [400 + 2800]


def test_firmware_that_loops_without_a_clock_is_bitten_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("davy.board.granted.HANG_S", 2.0)
    main = "import machine\nprint('cause', machine.reset_cause())\nwhile machine.reset_cause() == 1:\n    pass\n"
    bench = bench_board(tmp_path, main)
    with bench.board as board:
        board.run_for(3)
    assert [line for line in bench.console() if line.startswith("cause")] == ["cause 1", "cause 3"]


@pytest.mark.parametrize(("call", "cause"), [("machine.reset()", 2), ("machine.soft_reset()", 5)])
def test_the_next_boot_knows_why_it_came(tmp_path: Path, call: str, cause: int) -> None:
    main = f"import machine\nprint(machine.reset_cause())\nif machine.reset_cause() == 1:\n    {call}\n"
    assert said(tmp_path, main) == ["1", str(cause)]


def test_a_loop_that_only_looks_at_the_clock_comes_to_an_end(tmp_path: Path) -> None:
    main = """
import time
start = time.ticks_ms()
while time.ticks_diff(time.ticks_ms(), start) < 50:
    pass
print("done")
"""
    assert said(tmp_path, main) == ["done"]


def test_asyncio_sleeps_cancels_and_waits_in_virtual_time(tmp_path: Path) -> None:
    main = """
import asyncio, time
async def slow():
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        print("cancelled at", time.ticks_ms())
        raise
async def fails():
    await asyncio.sleep_ms(10)
    raise ValueError("from a task")
async def short():
    await asyncio.sleep_ms(5)
async def main():
    try:
        await asyncio.wait_for_ms(slow(), 1500)
    except asyncio.TimeoutError:
        print("timed out at", time.ticks_ms())
    results = await asyncio.gather(short(), fails(), return_exceptions=True)
    print(repr(results[1]))
    event = asyncio.Event()
    task = asyncio.create_task(event.wait())
    await asyncio.sleep_ms(100)
    event.set()
    await task
    lock = asyncio.Lock()
    async with lock:
        print("locked at", time.ticks_ms())
asyncio.run(main())
"""
    assert said(tmp_path, main, seconds=5) == [
        "cancelled at 1500",
        "timed out at 1500",
        "ValueError('from a task',)",
        "locked at 1610",
    ]


def test_bytes_on_the_serial_line_reach_the_uart_and_too_many_are_lost(tmp_path: Path) -> None:
    main = """
import time
from machine import UART
uart = UART(1, 115200, tx=17, rx=16, rxbuf=64)
time.sleep_ms(1500)
print(uart.any(), uart.read(3))
"""
    bench = bench_board(tmp_path, main)
    with bench.board as board:
        board.run_for(1)
        board.send_serial(b"abc" + b"x" * 100)
        board.run_for(2)
    assert bench.console() == ["64 b'abc'"]
