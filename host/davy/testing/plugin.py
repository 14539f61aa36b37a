"""The pytest plugin: `virtual_board` and `make_virtual_board`. docs/pytest-plugin.md shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from davy.testing.board_under_test import BoardUnderTest

_MARK = "virtual_board"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options that hold for every virtual board of a run."""
    group = parser.getgroup("davy", "davy's virtual board")
    group.addoption("--davy-board", metavar="NAME", help="board file that virtual boards are made of (virtual)")
    group.addoption("--davy-seed", metavar="N", type=int, help="seed of noise, drift and tolerances (1)")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers", f"{_MARK}(board=, seed=, volume_m3=, ventilation_ach=, settings=, broker=): make the board so"
    )


@pytest.fixture
def make_virtual_board(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., BoardUnderTest]]:
    """Makes as many boards as a test wants; keyword arguments are BoardUnderTest's."""
    # Imported here: a test session that uses no board must not pay for one.
    from davy.testing.board_under_test import BoardUnderTest

    made: list[BoardUnderTest] = []

    def make(**arguments: Any) -> BoardUnderTest:
        defaults = {"board": request.config.getoption("--davy-board"), "seed": request.config.getoption("--davy-seed")}
        given = {name: value for name, value in defaults.items() if value is not None} | arguments
        given.setdefault("seed", 1 + len(made))
        board = BoardUnderTest(tmp_path, **given)
        made.append(board)
        return board

    yield make
    for board in made:
        request.node.add_report_section("teardown", "davy board", f"seed {board.seed}: {board.describe()}")
        board.close()


@pytest.fixture
def virtual_board(request: pytest.FixtureRequest, make_virtual_board: Callable[..., BoardUnderTest]) -> BoardUnderTest:
    """A powered board in a clean room; `@pytest.mark.virtual_board(...)` says how it differs from the usual."""
    mark = request.node.get_closest_marker(_MARK)
    return make_virtual_board(**(mark.kwargs if mark is not None else {}))
