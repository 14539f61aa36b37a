"""A whole bench, emulated: from the host over the rig's real firmware and the device's real firmware, and back; the same seed gives the same run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from davy.bench.emulation.emulated import EmulatedBench, EmulatedSpec
from davy.bench.rig import RELEASED, Edge
from davy.bench.serial_rig import SerialRig
from davy.image.boardfile import load_board
from davy.image.build import Image, build_image
from davy.image.settings import Settings
from support.cosim import WorldClock, WorldLine, serial_rig


@pytest.fixture(scope="module")
def image() -> Image:
    return build_image(load_board("virtual"), Settings(wifi=None, broker=None))


@pytest.fixture
def bench(tmp_path: Path, image: Image) -> Iterator[EmulatedBench]:
    made = EmulatedBench(EmulatedSpec(image=image, seed=3), tmp_path)
    yield made
    made.close()


def _past_preheat(bench: EmulatedBench) -> tuple[SerialRig, WorldClock, WorldLine]:
    """In clean air, the valve still shut."""
    rig, clock, line = serial_rig(bench)
    for output in ("methane_uv", "co_uv"):
        rig.set(output, 500_000)
    clock.wait(185.0)
    return rig, clock, line


def _on_duty(bench: EmulatedBench) -> tuple[SerialRig, WorldClock, WorldLine]:
    """The same, and the valve opened by hand."""
    rig, clock, line = _past_preheat(bench)
    rig.set("button", 1, 300)
    clock.wait(3.0)
    return rig, clock, line


def _alarmed(bench: EmulatedBench) -> tuple[list[Edge], bytes, bytes]:
    """Through the preheat, the valve opened, an alarm: edges, and what rig and device have said."""
    rig, clock, line = _on_duty(bench)
    rig.play("methane_uv", 50, [500_000 + 5_000 * step for step in range(100)])
    clock.wait(8.0)
    rig.set("methane_uv", 2_000_000)
    clock.wait(15.0)
    edges = rig.edges(0)
    return edges, line.all, bench.take("wired")


def test_from_host_over_the_rigs_dac_and_the_devices_valve_back_to_the_rigs_current_sensor(
    bench: EmulatedBench,
) -> None:
    rig, clock, _ = _past_preheat(bench)
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
    rig, clock, _ = _on_duty(bench)
    gone_ms = rig.set("methane_uv", RELEASED)
    assert rig.reading("methane_loop_uv") == 0
    clock.wait(10.0)
    assert ("yellow", 1) in [(edge.line, edge.level) for edge in rig.edges(gone_ms)]


def test_a_broken_coil_draws_nothing(bench: EmulatedBench) -> None:
    rig, _, _ = _on_duty(bench)
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
            runs.append(_alarmed(made))
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
