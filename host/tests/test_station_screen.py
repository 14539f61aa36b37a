"""The station on a terminal: what stands there, what the keys do, and a terminal that is left as it was."""

from __future__ import annotations

import re
import signal
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from davy.station.keys import plain
from support.station_bench import Bench, gone, mac
from support.terminal_screen import Terminal


@contextmanager
def terminal(bench: Bench, *options: str) -> Iterator[Terminal]:
    found = Terminal(bench.command(*options))
    try:
        yield found
    finally:
        found.close()


def test_keys_start_stop_and_quit_and_the_table_shows_it_all(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [["pass"], ["hang", "pass"], ["retry", "fail"]])
    with terminal(bench) as station:
        station.see(r"^station line 1$")
        station.see(r"^1 +1 p1 +idle$")
        station.see(r"1\.\.9 start that fixture +a all +s and a number: stop it +q quit")
        assert bench.calls(1) == [], "nothing starts by itself"
        station.press("1")
        station.see(rf"^1 +1 p1 +passed +GA26000001 +{mac(1)} +1 @460k +passed$")
        assert bench.calls(2) == []
        station.press("a")
        hung = station.see(r"^2 +2 p2 +flashing +━+.* +GA2600000\d .*write 50 %$")
        assert re.search(rf"{mac(2)} +1 @460k", hung)
        station.see(rf"^3 +3 p3 +failed +GA2600000\d +{mac(3)} +2 @460k +self-test: valve$")
        station.see(rf"^1 +1 p1 +passed +GA26000001 \* +{mac(1)}")
        station.see(r"^2 passed, 1 failed, 0 not judged, 1 of them rework \(\*\) +yield 66\.7 %")
        station.press("s")
        station.see(r"stop which fixture\? press its number")
        station.press("2")
        station.see(r"^2 +2 p2 +not judged .* stopped; not judged$")
        station.press("2")
        station.see(r"^2 +2 p2 +passed ")
        station.press("q")
        assert station.end() == 1, "one unit has failed"
        assert station.modes_are_as_before()
        station.see(r"^3 passed, 1 failed, 1 not judged, 2 of them rework; 17 serials left$")
        station.see(r"^log: \d+ records, the newest is [0-9a-f]{64}$")
    assert gone(bench.calls(2)[1]["pid"])


def test_an_arrow_or_a_function_key_starts_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [["pass"], ["pass"]])
    with terminal(bench) as station:
        station.see("q quit")
        station.press("\x1b[15~\x1b[1;5A\x1bOQ")
        station.press("2")
        station.see(r"^2 +2 p2 +passed")
        station.press("q")
        assert station.end() == 0
    assert bench.calls(1) == []


@pytest.mark.parametrize("sent", ["a1\x1b[A", "a\x1b[15~1", "a\x1bOP1", "\x1b[1;5Ca1", "a1\x1b", "a\x1bx1"])
def test_only_what_was_meant_as_a_key_is_left(sent: str) -> None:
    assert plain(sent) == "a1"


def test_quitting_waits_for_a_unit_at_work_and_a_second_q_stops_it(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [["hang"]])
    with terminal(bench) as station:
        station.see("q quit")
        station.press("1")
        station.see("write 50 %")
        station.press("q")
        station.see("leaving when the last fixture has ended; q once more stops them")
        assert station.process.poll() is None
        station.press("q")
        assert station.end() == 0
    assert bench.records("unit-end")[-1].fields["cause"] == "stopped"
    assert gone(bench.calls(1)[1]["pid"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_leaves_no_child_and_a_terminal_that_echoes(tmp_path: Path, number: signal.Signals) -> None:
    bench = Bench(tmp_path, [["hang"]])
    with terminal(bench) as station:
        station.see("q quit")
        assert not station.modes()[3] & termios.ECHO, "keys are read one by one"
        station.press("1")
        station.see("write 50 %")
        station.process.send_signal(number)
        assert station.end() == 130
        assert station.modes_are_as_before()
    assert gone(bench.calls(1)[1]["pid"])
    assert bench.records()[-1].kind == "station-stop"


@pytest.mark.parametrize("options", [(), ("--auto",)])
def test_a_window_that_is_closed_stops_the_station_with_its_log_whole(tmp_path: Path, options: tuple[str, ...]) -> None:
    bench = Bench(tmp_path, [["hang"]])
    with terminal(bench, *options) as station:
        station.see("q quit|Ctrl-C stops")
        if not options:
            station.press("1")
        station.see("write 50 %")
        station.hang_up()
        assert station.process.wait(30) == 130
    assert bench.records()[-1].kind == "station-stop"
    assert gone(bench.calls(1)[1]["pid"])
    assert bench.records("unit-end")[-1].fields["cause"] == "stopped"


def test_without_keys_the_same_table_runs_by_itself(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [["pass"], ["pass"]])
    with terminal(bench, "--auto") as station:
        assert station.end() == 0
        station.see(r"^1 +1 p1 +passed ")
        station.see(r"^2 +2 p2 +passed ")
        station.see(r"^2 passed, 0 failed")
        assert station.modes_are_as_before()


def test_a_full_disk_is_told_below_the_table_and_the_terminal_is_put_back(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [["pass"]])
    with terminal(bench, "--most-bytes", str(bench.with_long_log() + 1200)) as station:
        station.see("q quit")
        station.press("1")
        assert station.end() == 3
        station.see(r"^1 +1 p1 +not judged .* not recorded: not passed$")
        station.see(r"station\.log: the disk is full \(File too large\)")
        assert station.modes_are_as_before()
