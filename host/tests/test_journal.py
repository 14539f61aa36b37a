"""The journal: what a put returned for survives everything, in bounded space, and no call blocks the safety loop for long."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from davy.image.boardfile import load_board
from davy.image.build import build_image
from davy.image.settings import Settings
from davy.paths import FIRMWARE, ROOT
from support import interpreters

PORTABLE = ROOT / "host" / "tests" / "portable"
FOLDERS = [FIRMWARE, PORTABLE]
#: The safety loop's deadline is 500 ms, and a step may have been due for 100 already; as a rule the journal keeps well below.
LONGEST_CALL_MS = 200
#: Once in some thousand events littlefs moves the directory, and looks for a free sector for it.
MOVING_CALL_MS = 400


def cases(module: str) -> list[str]:
    tree = ast.parse((PORTABLE / f"{module}.py").read_text())
    return sorted(n.name for n in tree.body if isinstance(n, ast.FunctionDef) and n.name.startswith("test_"))


@pytest.mark.parametrize("interpreter", interpreters.NAMES)
def test_the_order_of_the_journal_holds_on(interpreter: str) -> None:
    passed = interpreters.run_portable(interpreter, "journal_index_cases", FOLDERS)
    assert sorted(passed) == cases("journal_index_cases")


# The 32-bit interpreter has no file system that can be written.
@pytest.mark.parametrize("module", ["journal_file_cases", "journal_damage_cases"])
@pytest.mark.parametrize("interpreter", ["cpython", "unix"])
def test_the_journal_file_holds_on(interpreter: str, module: str) -> None:
    passed = interpreters.run_portable(interpreter, module, FOLDERS)
    assert sorted(passed) == cases(module)


def test_the_journal_goes_on_when_littlefs_does_not() -> None:
    passed = interpreters.run_portable("unix", "journal_littlefs_cases", FOLDERS)
    assert sorted(passed) == cases("journal_littlefs_cases")


def swept(seed: int, sessions: int, mistake: str = "") -> dict[str, int]:
    """A life with the power cut at every change of the flash, in three ways each."""
    code = "import journal_power as p\n"
    if mistake:
        code += f"p.MISTAKES[{mistake!r}]()\n"
    code += f"life = p.run({seed}, {sessions}, 60)\n"
    code += "print({'images': life.images, 'put': len(life.put), 'reboots': life.reboots})\n"
    found = ast.literal_eval(interpreters.run("unix", code, FOLDERS).strip().splitlines()[-1])
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_power_cut_loses_an_event_that_was_put(seed: int) -> None:
    found = swept(seed, 1)
    assert found["images"] > 500, (seed, found)
    assert found["put"] > 25, (seed, found)


@pytest.mark.parametrize(
    ("mistake", "seen"),
    [
        ("put_is_put_off", "seed 1"),
        ("old_file_goes_first", "lost"),
        ("acknowledgements_are_forgotten", "seed 1"),
    ],
)
def test_the_sweep_sees_a_journal_with_a_mistake(mistake: str, seen: str) -> None:
    with pytest.raises(interpreters.ScriptError, match=seen):
        swept(1, 3, mistake)


@pytest.fixture(scope="module")
def unit_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file system of a unit, with its program in it."""
    path = tmp_path_factory.mktemp("unit") / "littlefs.bin"
    path.write_bytes(build_image(load_board("virtual"), Settings()).littlefs)
    return path


def measured(way: str, image: Path, waiting: int, events: int) -> dict[str, Any]:
    code = f"from journal_meter import measure\nprint(measure({way!r}, open({str(image)!r}, 'rb').read(), {waiting}, {events}))"
    found = ast.literal_eval(interpreters.run("unix", code, FOLDERS))
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("waiting", [0, 3, 100])
def test_no_call_blocks_the_safety_loop_for_long(waiting: int, unit_files: Path) -> None:
    found = measured("journal", unit_files, waiting, 600)
    assert found["worst_us"] < LONGEST_CALL_MS * 1000, found
    assert found["start_us"] < LONGEST_CALL_MS * 1000, found
    assert found["erased"] < 1.2, found


@pytest.mark.parametrize(("waiting", "events"), [(0, 3_000), (3, 9_000)])
def test_nor_does_a_call_in_which_littlefs_moves_the_directory(waiting: int, events: int, unit_files: Path) -> None:
    found = measured("journal", unit_files, waiting, events)
    assert LONGEST_CALL_MS * 1000 < found["worst_us"] < MOVING_CALL_MS * 1000, found


def test_the_measure_sees_a_way_that_blocks(unit_files: Path) -> None:
    assert measured("slot", unit_files, 20, 200)["worst_us"] > LONGEST_CALL_MS * 1000
