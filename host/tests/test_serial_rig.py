"""The bench's side of a rig: what a bad line, a dead rig or the wrong one leads to. The rig is its real firmware."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from davy.bench.errors import BenchError
from davy.bench.rig import OUTPUTS, RELEASED, Edge
from davy.bench.serial_rig import WATCH_MS, SerialRig
from davy.bench.wiring import load_wiring
from rig_protocol import messages
from support.rig_alone import RigAlone

WIRING = load_wiring()


@pytest.fixture(name="alone")
def _alone(tmp_path: Path) -> Iterator[RigAlone]:
    alone = RigAlone(tmp_path, WIRING)
    yield alone
    alone.close()


def _once(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Changes the first bytes that pass, and no others."""
    used: list[bool] = []

    def spoil(data: bytes) -> bytes:
        if not data or used:
            return data
        used.append(True)
        return change(data)

    return spoil


def _presses(alone: RigAlone) -> list[int | None]:
    return [level for name, level in alone.felt.did if name == "button"]


def test_it_says_who_it_is(alone: RigAlone) -> None:
    about = alone.host.about()
    assert (about.kind, about.wiring, about.calibrated) == ("serial", "rig_esp32", "")
    assert alone.host.outputs == frozenset(OUTPUTS)


def test_its_clock_is_the_rigs_and_goes_with_the_time_that_is_granted(alone: RigAlone) -> None:
    before_ms = alone.host.now_ms()
    alone.wait(12.345)
    assert 12_345 <= alone.host.now_ms() - before_ms <= 12_347


@pytest.mark.parametrize("way", ["spoil_out", "spoil_in"])
def test_what_the_line_loses_is_asked_for_again_and_done_once(alone: RigAlone, way: str) -> None:
    alone.host.now_ms()
    setattr(alone, way, _once(lambda _: b""))
    began_ms = alone.rig.now_ms
    alone.host.set("button", 1)
    assert _presses(alone) == [1]
    assert 1_000 <= alone.rig.now_ms - began_ms <= 1_100


def test_a_frame_that_arrives_broken_is_refused_and_asked_for_again_at_once(alone: RigAlone) -> None:
    alone.host.now_ms()
    alone.spoil_out = _once(lambda data: data.replace(data[20:21], b"A" if data[20:21] != b"A" else b"B"))
    writes, began_ms = alone.writes, alone.rig.now_ms
    alone.host.set("button", 1)
    assert _presses(alone) == [1]
    assert alone.writes - writes == 2
    assert alone.rig.now_ms - began_ms <= 10


def test_what_a_start_or_a_person_prints_is_passed_over(alone: RigAlone) -> None:
    alone.host.now_ms()
    alone.spoil_in = lambda data: b"\xff\x80ets Jun  8 2016\r\n~no frame\n" + data if data else data
    alone.host.set("button", 1)
    assert _presses(alone) == [1]


def test_noise_without_an_end_takes_no_more_room_than_a_frame(alone: RigAlone) -> None:
    alone.host.now_ms()
    for _ in range(2_000):
        alone.rig.console.type(b"~" + b"A" * 200)
        alone.wait(0.02)
    alone.host.set("button", 1)
    assert _presses(alone) == [1]


def test_whatever_the_line_does_an_act_is_done_once_and_in_its_order_or_is_an_error(alone: RigAlone) -> None:
    seed = random.randrange(1 << 32)
    dice = random.Random(seed)

    def spoil(data: bytes) -> bytes:
        if not data or dice.random() < 0.6:
            return data
        at = dice.randrange(len(data))
        return dice.choice((b"", data[:at], data[:at] + bytes((dice.randrange(4, 256),)) + data[at + 1 :], data + data))

    alone.host.now_ms()
    alone.spoil_out = alone.spoil_in = spoil
    sure, errors = [], 0
    for number in range(60):
        try:
            alone.host.set("methane_uv", number * 1_000)
            sure.append(number * 1_000)
        except BenchError:
            errors += 1
    alone.spoil_out = alone.spoil_in = lambda data: data
    felt = [uv for name, uv in alone.felt.did if name == 0 and uv is not None]
    print(f"seed {seed}: {errors} of 60 not answered")
    assert felt == sorted(set(felt)), seed
    assert set(sure) <= set(felt), seed
    assert errors < 30, seed


def test_a_dead_rig_is_a_bench_error_after_some_tries(alone: RigAlone) -> None:
    alone.host.now_ms()
    alone.rig.power_cut()
    writes, began_s = alone.writes, alone.now_s()
    with pytest.raises(BenchError, match="rig: does not answer") as raised:
        alone.host.set("button", 1)
    assert raised.value.cause == "rig"
    assert alone.writes - writes == 4
    assert alone.now_s() - began_s < 5


def test_a_port_that_was_unplugged_is_a_bench_error_at_once(alone: RigAlone) -> None:
    alone.host.now_ms()
    began_s = alone.now_s()
    for error in (OSError(5, "Input/output error"), EOFError()):

        def gone(data: bytes, error: Exception = error) -> bytes:
            raise error

        alone.spoil_in = gone
        with pytest.raises(BenchError, match="is gone from its port") as raised:
            alone.host.level("siren")
        assert raised.value.cause == "rig"
    assert alone.now_s() == began_s


def test_a_rig_that_restarts_in_the_middle_is_a_bench_error(alone: RigAlone) -> None:
    alone.host.set("button", 1)
    alone.rig.power_cut()
    alone.rig.power_on()
    alone.wait(1)
    with pytest.raises(BenchError, match=r"was restarted in the middle.*power supply"):
        alone.host.set("button", 0)


def test_a_rig_that_stops_with_an_error_is_quoted(alone: RigAlone) -> None:
    alone.host.now_ms()
    alone.rig.console.type(b"\x03")
    with pytest.raises(BenchError, match=r"does not answer; it says .*(davy rig: stopped|isn't defined|SyntaxError)"):
        alone.host.now_ms()


def test_another_rig_in_the_middle_is_a_bench_error(alone: RigAlone, tmp_path: Path) -> None:
    alone.host.now_ms()
    folder = tmp_path / "other"
    folder.mkdir()
    other = RigAlone(folder, WIRING, seed=2)
    alone.write, alone.read = other.write, other.read  # type: ignore[method-assign]
    alone.wait = other.wait  # type: ignore[method-assign]
    with pytest.raises(BenchError, match="another one than before"):
        alone.host.now_ms()
    other.close()


def test_a_rig_of_another_davy_is_a_bench_error(alone: RigAlone, monkeypatch: pytest.MonkeyPatch) -> None:
    right = messages.schema_checksum()
    monkeypatch.setattr(messages, "schema_checksum", lambda: right ^ 1)
    with pytest.raises(BenchError, match="firmware of another davy"):
        alone.host.set("button", 1)
    assert _presses(alone) == []


@pytest.mark.parametrize("left_out", ["co_module", "current", "contact"])
def test_a_rig_that_is_wired_otherwise_is_a_bench_error(alone: RigAlone, left_out: str) -> None:
    tables = {name: part for name, part in WIRING.tables.items() if name != left_out}
    host = SerialRig(alone, alone, replace(WIRING, tables=tables))
    with pytest.raises(BenchError, match="is wired as 'rig_esp32', not as the bench says"):
        host.now_ms()


def test_a_bench_in_real_time_that_forgets_its_rig_finds_it_at_rest_and_is_told(alone: RigAlone) -> None:
    alone.virtual = False
    host = SerialRig(alone, alone, WIRING)
    host.set("methane_uv", 1_000_000)
    alone.wait(WATCH_MS / 1000 - 1)
    assert host.level("siren") == 0
    alone.wait(WATCH_MS / 1000 + 1)
    assert (0, None) in alone.felt.did[-3:]
    with pytest.raises(BenchError, match="went to rest"):
        host.set("button", 1)
    host.set("button", 1)


def test_in_virtual_time_a_wait_may_be_as_long_as_it_likes(alone: RigAlone) -> None:
    alone.host.set("methane_uv", 1_000_000)
    alone.wait(3_600)
    assert alone.felt.did[-1] == (0, 1_000_000)
    alone.host.set("button", 1)


def test_rest_puts_everything_where_it_stands_idle(alone: RigAlone) -> None:
    alone.host.set("power", 0)
    alone.host.set("methane_uv", 1_000_000)
    alone.host.set("tamper", 1)
    alone.felt.did.clear()
    alone.host.rest()
    assert sorted(alone.felt.did[:-1], key=str) == sorted([(0, None), ("tamper", 0)], key=str)
    assert alone.felt.did[-1] == ("power", 1)


def test_what_a_rig_does_not_have_is_a_mistake_of_the_caller(alone: RigAlone) -> None:
    writes = alone.writes
    calls: tuple[Callable[[], object], ...] = (
        lambda: alone.host.set("siren", 1),
        lambda: alone.host.set("button", 2),
        lambda: alone.host.play("methane_uv", 10, [0, 3_300_001]),
        lambda: alone.host.level("methane_uv"),
        lambda: alone.host.reading("siren"),
    )
    for call in calls:
        with pytest.raises(ValueError):
            call()
    assert alone.writes == writes


def test_a_waveform_whose_pieces_get_lost_on_the_way_is_whole_at_the_rig(alone: RigAlone) -> None:
    alone.host.now_ms()
    count = iter(range(1_000))
    alone.spoil_out = lambda data: b"" if next(count) % 3 == 0 else data
    values = [1_000 * at for at in range(1, 100)]
    t_ms = alone.host.play("methane_uv", 20, [*values, RELEASED])
    alone.spoil_out = lambda data: data
    alone.wait(5)
    assert [uv for name, uv in alone.felt.did if name == 0][-100:] == [*values, None]
    assert alone.host.now_ms() - t_ms > 2_000


def test_many_edges_come_as_fast_as_the_rig_says_them_and_not_a_time_out_each_question(alone: RigAlone) -> None:
    for at in range(500):
        alone.rig.see("siren", at % 2 == 0)
        alone.wait(0.01)
    before_s = alone.now_s()
    found = [edge for edge in alone.host.edges(0) if edge.line == "siren"]
    assert len(found) == 500
    assert alone.now_s() - before_s < 0.9, "three questions, each of which would wait a second for what never comes"


def test_the_same_seed_gives_the_same_run_to_the_millisecond(tmp_path: Path) -> None:
    def run(folder: Path) -> tuple[list[Edge], list[int], int]:
        folder.mkdir()
        alone = RigAlone(folder, WIRING, seed=5)
        times = [alone.host.set("methane_uv", 1_000 * at, hold_ms=at) for at in range(1, 20)]
        for at in range(20):
            alone.rig.see("coil", at % 2 == 0)
            alone.wait(0.017 * at)
        found = alone.host.edges(0), times, alone.host.now_ms()
        alone.close()
        return found

    first, second = run(tmp_path / "a"), run(tmp_path / "b")
    assert first == second
    assert len(first[0]) > 20
