"""Where davy's own trees lie: in a checkout beside `host/`, in an installed wheel under `davy/_tree`."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_WHEEL_TREE = _PACKAGE / "_tree"

#: The folder that holds `firmware/`, `boards/`, `scenarios/` and `hil_tests/`.
ROOT = _WHEEL_TREE if _WHEEL_TREE.is_dir() else _PACKAGE.parent.parent

FIRMWARE = ROOT / "firmware"
BOARDS = ROOT / "boards"
SCENARIOS = ROOT / "scenarios"
HIL_TESTS = ROOT / "hil_tests"
