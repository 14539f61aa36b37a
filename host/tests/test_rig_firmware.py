"""The rig's firmware: its own code on three interpreters, its drivers on MicroPython, and all of it in a virtual ESP32."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from davy.bench import rig as bench_rig
from davy.bench.errors import BenchError
from davy.bench.rig import RELEASED, Edge
from davy.bench.rig_image import RIG_FIRMWARE, rig_image, write_rig_files
from davy.bench.wiring import load_wiring
from davy.errors import InputError
from davy.image.blocks import files_in
from davy.image.build import with_files
from davy.paths import FIRMWARE, ROOT
from rig_protocol import messages
from support import interpreters
from support.rig_alone import RigAlone

PORTABLE = ROOT / "host" / "tests" / "portable"
WIRING = load_wiring()
#: Rooms of the rig's tree, and which of ours each may import.
WALLS: dict[str, set[str]] = {"drivers": set(), "rig_protocol": set()}


@pytest.fixture(name="alone")
def _alone(tmp_path: Path) -> Iterator[RigAlone]:
    alone = RigAlone(tmp_path, WIRING)
    yield alone
    alone.close()


def _folders(tmp_path: Path) -> list[Path]:
    only = tmp_path / "only"
    only.mkdir()
    (only / "protocol").symlink_to(FIRMWARE / "protocol")
    return [RIG_FIRMWARE, only, PORTABLE]


@pytest.mark.parametrize(("module", "count"), [("rig_cases", 22), ("rig_answer_cases", 10)])
@pytest.mark.parametrize("interpreter", interpreters.NAMES)
def test_the_rigs_own_code_does_the_same_on(interpreter: str, module: str, count: int, tmp_path: Path) -> None:
    assert len(interpreters.run_portable(interpreter, module, _folders(tmp_path))) == count


def test_the_drivers_write_what_the_data_sheets_say(tmp_path: Path) -> None:
    assert len(interpreters.run_portable("unix", "rig_part_cases", _folders(tmp_path))) == 10


def test_the_bench_and_the_rig_have_one_list_of_outputs_inputs_and_readings() -> None:
    ranges = {name: messages.RANGES[name] for name in messages.OUTPUTS}
    bench = {name: (o.low, o.high, o.rest, o.releasable) for name, o in bench_rig.OUTPUTS.items()}
    assert ranges == bench
    assert bench_rig.INPUTS == messages.INPUTS
    assert set(bench_rig.READINGS) == set(messages.VALUE_NAMES)
    assert bench_rig.RELEASED == messages.RELEASED
    for name in (
        "CONTACT_FOLLOWS",
        "CONTACT_STUCK",
        "CONTACT_OFF",
        "CO_SILENT",
        "CO_UPLOADS",
        "CO_GARBLED",
        "CO_ONLY_ASKED",
    ):
        assert getattr(bench_rig, name) == getattr(messages, name)


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or ".").split(".")[0])
    return found


def test_the_rigs_rooms_keep_their_walls() -> None:
    ours = {path.stem for path in RIG_FIRMWARE.glob("*.py")} | set(WALLS) | {"protocol", "davy"}
    for room, allowed in WALLS.items():
        files = sorted((RIG_FIRMWARE / room).glob("*.py"))
        assert files
        for path in files:
            assert _imports(path) & ours - allowed - {room} == set(), path
    for path in RIG_FIRMWARE.glob("*.py"):
        assert not _imports(path) & {"machine", "esp32"}, f"{path}: only drivers touch the chip"


def test_no_module_of_the_rig_has_a_name_that_the_virtual_board_takes() -> None:
    shadow = {path.stem for path in (ROOT / "boards" / "virtual" / "shadow").glob("*.py")}
    assert {path.stem for path in RIG_FIRMWARE.glob("*.py")} & shadow == set()


def test_the_image_holds_firmware_frames_and_wiring_and_is_the_same_each_time() -> None:
    image = rig_image(WIRING)
    assert rig_image(WIRING).littlefs == image.littlefs
    files = files_in(image.littlefs)
    assert {"main.py", "wiring.json", "protocol/frame.mpy", "rig_protocol/messages.mpy", "drivers/opto.mpy"} <= set(
        files
    )
    assert files == image.files


def test_the_same_files_come_into_a_new_folder_and_into_no_old_one(tmp_path: Path) -> None:
    folder = tmp_path / "rig"
    write_rig_files(WIRING, folder)
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert found == rig_image(WIRING).files
    with pytest.raises(InputError, match="cannot be made: File exists"):
        write_rig_files(WIRING, folder)


def test_a_voltage_reaches_the_dac_and_comes_back_through_the_rigs_own_adc(alone: RigAlone) -> None:
    for uv in (150_000, 1_234_000, 2_400_000):
        alone.host.set("methane_uv", uv)
        assert abs(alone.host.reading("methane_loop_uv") - uv) <= 1_000
    alone.host.set("methane_uv", RELEASED)
    assert alone.felt.did[-4:] == [(0, 150_000), (0, 1_234_000), (0, 2_400_000), (0, None)]


def test_coil_and_supply_are_read_in_their_units(alone: RigAlone) -> None:
    assert alone.host.reading("coil_ua") == 300_000
    assert alone.host.reading("coil_bus_uv") == 12_000_000
    assert abs(alone.host.reading("supply_uv") - 5_000_000) <= 5_000


def test_a_current_sensor_that_lost_its_supply_is_a_bench_error_once(alone: RigAlone) -> None:
    alone.host.reading("coil_ua")
    alone.rig.sense.power_on(float(alone.rig.now_ms))
    with pytest.raises(BenchError, match="had lost its supply"):
        alone.host.reading("coil_ua")
    assert alone.host.reading("coil_ua") == 300_000


def test_a_dac_that_does_not_answer_is_a_bench_error(alone: RigAlone) -> None:
    alone.host.set("methane_uv", 1_000_000)
    alone.rig.dac.silent = True
    with pytest.raises(BenchError, match=r"no answer of its DAC \(methane_uv\)") as raised:
        alone.host.set("methane_uv", 1_100_000)
    assert raised.value.cause == "rig"


def test_a_dac_that_fails_at_a_holds_end_is_told_at_the_next_act(alone: RigAlone) -> None:
    alone.host.set("methane_uv", 1_000_000, hold_ms=500)
    alone.rig.dac.silent = True
    alone.wait(1)
    alone.rig.dac.silent = False
    with pytest.raises(BenchError, match="did not take a later value"):
        alone.host.set("button", 1)


def test_edges_have_the_millisecond_at_which_they_came(alone: RigAlone) -> None:
    began_ms = alone.host.now_ms()
    offset_ms = alone.rig.now_ms - began_ms
    expected = []
    for line, level in (("siren", 1), ("red", 1), ("siren", 0), ("green", 1)):
        alone.wait(0.123)
        alone.rig.see(line, bool(level))
        expected.append((alone.rig.now_ms - offset_ms, line, level))
    alone.wait(60)
    found = alone.host.edges(began_ms)
    assert [(edge.line, edge.level) for edge in found] == [(line, level) for _, line, level in expected]
    steps = [b.t_ms - a.t_ms for a, b in itertools.pairwise(found)]
    assert steps == [123, 123, 123]
    assert abs(found[0].t_ms - expected[0][0]) <= 2  # what one question takes
    assert [alone.host.level(line) for line in ("siren", "red", "green", "yellow")] == [0, 1, 1, 0]


def test_more_edges_than_the_rig_keeps_are_an_error_only_for_who_needs_the_old_ones(alone: RigAlone) -> None:
    alone.host.now_ms()
    for count in range(4_200):
        alone.wait(0.001)
        alone.rig.see("green", count % 2 == 0)
    alone.wait(0.01)
    now_ms = alone.host.now_ms()
    assert len(alone.host.edges(now_ms - 1_000)) > 900
    with pytest.raises(BenchError, match="could not keep"):
        alone.host.edges(0)


def test_the_contact_is_three_hundred_milliseconds_behind_the_coil(alone: RigAlone) -> None:
    assert alone.host.level("contact") == 1
    alone.rig.see("coil", True)
    alone.wait(1)
    alone.rig.see("coil", False)
    alone.wait(1)
    coil_on, opened, coil_off, closed = alone.host.edges(0)
    assert [coil_on.line, coil_off.line, opened.line, closed.line] == ["coil", "coil", "contact", "contact"]
    assert (opened.t_ms - coil_on.t_ms, opened.level) == (300, 0)
    assert (closed.t_ms - coil_off.t_ms, closed.level) == (300, 1)
    assert [each for each in alone.felt.did if each[0] == "contact"] == [("contact", 1), ("contact", 0), ("contact", 1)]


def test_a_contact_of_the_wires_off_is_open_and_follows_again(alone: RigAlone) -> None:
    alone.host.set("contact", bench_rig.CONTACT_OFF)
    assert alone.host.level("contact") == 0
    t_ms = alone.host.set("contact", bench_rig.CONTACT_FOLLOWS)
    assert alone.host.edges(t_ms) == [Edge(t_ms, "contact", 1)]


def test_a_button_is_let_go_by_the_rig_itself(alone: RigAlone) -> None:
    alone.host.set("button", 1, hold_ms=200)
    alone.wait(0.15)
    assert alone.felt.did[-1] == ("button", 1)
    alone.wait(0.1)
    assert alone.felt.did[-1] == ("button", 0)


def test_a_waveform_of_a_thousand_points_is_played_to_its_end(alone: RigAlone) -> None:
    values = [1_000 * (100 + at) for at in range(1_000)]
    before = len(alone.felt.did)
    alone.host.play("methane_uv", 10, values)
    alone.wait(11)
    assert [uv for channel, uv in alone.felt.did[before:] if channel == 0] == values


def test_the_co_module_uploads_each_second_and_answers_as_its_data_sheet_says(alone: RigAlone) -> None:
    alone.host.set("co_tenths_ppm", 37)
    alone.felt.co = b""
    alone.wait(3)
    assert alone.felt.co == bytes.fromhex("ff0403010025138838") * 3
    alone.host.set("co_mode", bench_rig.CO_ONLY_ASKED)
    alone.felt.co = b""
    alone.rig.hear_co(b"\x00\xff" + bytes.fromhex("ff0186000000000079"))
    alone.wait(5)
    assert alone.felt.co == bytes.fromhex("ff860025000000005 5".replace(" ", ""))
    alone.host.set("co_mode", bench_rig.CO_GARBLED)
    alone.felt.co = b""
    alone.wait(1)
    assert len(alone.felt.co) == 9
    assert -sum(alone.felt.co[1:8]) & 0xFF != alone.felt.co[8]


@pytest.mark.parametrize("output", ["co_mode", "power"])
def test_a_co_module_that_is_silent_or_without_supply_says_nothing(alone: RigAlone, output: str) -> None:
    alone.host.set(output, 0)
    alone.felt.co = b""
    alone.rig.hear_co(bytes.fromhex("ff0186000000000079"))
    alone.wait(5)
    assert alone.felt.co == b""


def test_a_rig_without_a_usable_wiring_says_so_and_drives_nothing(tmp_path: Path) -> None:
    alone = RigAlone(tmp_path, WIRING, with_files(rig_image(WIRING), {"wiring.json": b"{"}))
    assert any("no usable wiring.json" in line for line in alone.said)
    assert alone.felt.did == []
    alone.close()


def test_a_rig_whose_program_fails_tells_why_and_starts_anew(tmp_path: Path) -> None:
    alone = RigAlone(tmp_path, WIRING, with_files(rig_image(WIRING), {"wiring.json": b'{"name": "x", "dac": {}}'}))
    assert any("KeyError" in line for line in alone.said)
    boots = alone.rig.boots
    alone.wait(10)
    assert alone.rig.boots > boots
    alone.close()


def test_days_without_a_word_do_not_disturb_the_rigs_time(tmp_path: Path) -> None:
    # Without the CO module nothing of the rig wakes each second.
    silent = replace(WIRING, tables={name: part for name, part in WIRING.tables.items() if name != "co_module"})
    alone = RigAlone(tmp_path, silent)
    before_ms = alone.host.now_ms()
    world_ms = alone.rig.now_ms
    alone.wait(13 * 86_400)  # past the wrap of the ticks
    assert abs((alone.host.now_ms() - before_ms) - (alone.rig.now_ms - world_ms)) <= 2
    alone.close()
