"""Who may import whom. A new import across a wall fails here, with the file and the line."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from davy.paths import FIRMWARE, ROOT

#: Room of the firmware -> rooms of ours that it may import besides itself. Only main.py sees all.
FIRMWARE_WALLS: dict[str, set[str]] = {
    "safety": set(),
    "drivers": set(),
    "protocol": set(),
    "report": {"protocol"},
    "checks": set(),
}
#: What only drivers (and the wiring) may touch.
HARDWARE = {"machine", "esp32"}
#: What the safety core must not know: hardware, clock, network, and anything that may wait.
FORBIDDEN_IN_SAFETY = HARDWARE | {"time", "utime", "network", "socket", "asyncio", "select", "os", "math"}
ROOMS = set(FIRMWARE_WALLS)


def imports_of(source: str) -> list[tuple[int, str]]:
    """(line, top-level module) of every import in a source text, in functions too."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name.split(".")[0]) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append((node.lineno, "." if node.level else (node.module or "").split(".")[0]))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "__import__":
            found.append((node.lineno, "__import__"))
    return found


def breaches(room: str, source: str) -> list[tuple[int, str]]:
    """Imports of one file of a room that its walls do not allow."""
    allowed = FIRMWARE_WALLS[room] | {room}
    bad = []
    for line, module in imports_of(source):
        forbidden = module in ROOMS and module not in allowed
        forbidden = forbidden or (module in HARDWARE and room != "drivers")
        forbidden = forbidden or (module in FORBIDDEN_IN_SAFETY and room == "safety")
        if forbidden or module in (".", "__import__", "davy"):
            bad.append((line, module))
    return bad


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_no_file_of_a_firmware_room_reaches_through_a_wall(room: str) -> None:
    files = sorted((FIRMWARE / room).rglob("*.py"))
    assert files, f"firmware/{room} is empty"
    found = [
        f"{path.relative_to(ROOT)}:{line}: imports {module}"
        for path in files
        for line, module in breaches(room, path.read_text())
    ]
    assert found == []


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("safety", "def f():\n    import machine\n"),
        ("safety", "from time import ticks_ms\n"),
        ("safety", "from report.link import Link\n"),
        ("drivers", "import safety.loop\n"),
        ("protocol", "from drivers import adc\n"),
        ("report", "from safety.codes import OK\n"),
        ("report", "import machine\n"),
        ("checks", "from safety.codes import OK\n"),
        ("report", "__import__('machine')\n"),
    ],
)
def test_the_check_itself_sees_a_breach(room: str, source: str) -> None:
    assert breaches(room, source)


def lint_imports(config: Path) -> subprocess.CompletedProcess[str]:
    tool = Path(sys.executable).parent / "lint-imports"
    return subprocess.run(
        [str(tool), "--config", str(config), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_the_host_rooms_keep_their_layers() -> None:
    done = lint_imports(ROOT / "pyproject.toml")
    assert done.returncode == 0, done.stdout


def test_the_layer_check_itself_sees_a_breach(tmp_path: Path) -> None:
    # The same rooms with the order turned over: what holds today must then be a breach.
    config = tmp_path / "upside_down.toml"
    config.write_text(
        '[tool.importlinter]\nroot_packages = ["davy"]\n[[tool.importlinter.contracts]]\nname = "upside down"\n'
        'type = "layers"\nlayers = ["davy.codec", "davy.image", "davy.board"]\n'
    )
    assert lint_imports(config).returncode != 0
