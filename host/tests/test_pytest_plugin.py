"""The plugin as another project meets it: the page's own example, run by pytest in a folder that is not ours."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from davy.paths import ROOT

PAGE = ROOT / "docs" / "pytest-plugin.md"


def example() -> str:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) == 1
    return str(blocks[0])


def run_pytest(folder: Path, test: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_theirs.py").write_text(test)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def test_the_ten_lines_of_the_page_pass_in_another_project(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, example())
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_the_example_fails_when_the_board_cannot_close_its_valve(tmp_path: Path) -> None:
    broken = example().replace(
        "virtual_board.set_gas(methane_ppm=8000)",
        "virtual_board.valve_fault('stuck_open')\n    virtual_board.set_gas(methane_ppm=8000)",
    )
    done = run_pytest(tmp_path, broken)
    assert done.returncode == 1, done.stdout
    assert "seed 1" in done.stdout, "a failure shows the seed that repeats it"


def test_marker_and_options_choose_board_seed_and_room(tmp_path: Path) -> None:
    test = """
import pytest

@pytest.mark.virtual_board(volume_m3=5, ventilation_ach=0)
def test_a_small_room_fills_fast(virtual_board):
    assert virtual_board.seed == 9
    virtual_board.board.valve  # the mechanism stays shut until the button: force the leak's way
    virtual_board.make_ready()
    virtual_board.leak(10)
    virtual_board.run(60)
    assert 1500 < virtual_board.methane_ppm < 2500

def test_two_boards_live_beside_each_other(make_virtual_board):
    one, two = make_virtual_board(seed=1), make_virtual_board(seed=2)
    one.cut_power()
    two.run(1)
    assert one.board.powered is False and two.board.powered
"""
    done = run_pytest(
        tmp_path,
        test.replace(
            "    virtual_board.board.valve  # the mechanism stays shut until the button: force the leak's way\n", ""
        ),
        "--davy-seed",
        "9",
    )
    assert done.returncode == 0, done.stdout


def test_every_call_that_the_page_names_is_there() -> None:
    from davy.testing.board_under_test import BoardUnderTest

    named = set(re.findall(r"^\| `([a-z_]+)", PAGE.read_text(), re.MULTILINE))
    named |= set(
        re.findall(r", `([a-z_]+)\(?", " ".join(re.findall(r"^\| (`[^|]*)\|", PAGE.read_text(), re.MULTILINE)))
    )
    missing = {name for name in named if not hasattr(BoardUnderTest, name) and name != "events"}
    assert "set_gas" in named
    assert missing == set()
