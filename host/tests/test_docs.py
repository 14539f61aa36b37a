"""What the documentation shows, exists: commands, files, links, and the exit statuses it promises."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from davy.cli.main import app
from davy.codec import Fault
from davy.codec.fault_table import FAULT_TABLE
from davy.paths import ROOT

PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("b*/**/*.md"), *ROOT.glob("firmware/**/*.md")]
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text())
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("page", ["README.md", "README.zh.md"])
def test_both_readmes_give_the_same_two_commands_and_the_makefile_has_them(page: str) -> None:
    commands = re.findall(r"^    (make \w+)$", (ROOT / page).read_text(), re.MULTILINE)
    assert commands == ["make demo", "make test"]
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {command.split()[1] for command in commands} <= targets


def test_ci_runs_the_readmes_test_command_and_every_check() -> None:
    script = (ROOT / ".ci" / "run").read_text().splitlines()
    assert "make test" in script
    assert "make check" in script


def shown(page: Path) -> list[str]:
    """What follows `davy` in code of a page: on lines of their own, and within a sentence."""
    text = page.read_text().replace("\\\n", " ")
    return re.findall(r"^    davy (.*?)(?:  +#.*)?$", text, re.MULTILINE) + re.findall(r"`davy ([^`]+)`", text)


def commands(command: Any) -> dict[str, Any]:
    """Of a group; a command has none below it."""
    return dict(getattr(command, "commands", {}))


@pytest.mark.parametrize("page", [page for page in PAGES if shown(page)], ids=lambda page: str(page.relative_to(ROOT)))
def test_every_davy_command_and_option_that_a_page_shows_is_known(page: Path) -> None:
    root = typer.main.get_command(app)
    for line in shown(page):
        command, words = root, line.split()
        while words and words[0] in commands(command):
            command = commands(command)[words.pop(0)]
        assert command is not root or not words, f"davy {line}: no such command"
        # A group with a command of its own by default takes that one's options.
        takers = [command, *commands(command).values()] if command is not root else [root]
        known = {option for taker in takers for each in taker.params for option in each.opts} | {"--help"}
        options = {word.split("=")[0].rstrip(",;.)") for word in words if word.startswith("--")}
        assert options <= known, f"davy {line}: {options - known}"


def test_the_readmes_show_the_main_commands() -> None:
    for name in ("README.md", "README.zh.md"):
        told = {line.split()[0] for line in shown(ROOT / name)}
        assert {"run", "monitor", "flash", "station", "devices", "events", "command", "chaos"} <= told


def test_shipped_benchmarks_are_the_ones_listed() -> None:
    listed = set(re.findall(r"benchmarks/(\w+\.py)", (ROOT / "benchmarks" / "README.md").read_text()))
    assert listed == {path.name for path in (ROOT / "benchmarks").glob("*.py")}


def test_the_virtual_boards_example_runs_as_it_stands(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "virtual-board.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", example], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stderr
    printed = [line for line in done.stdout.splitlines() if not line.startswith("BoardEvent")]
    assert len(printed) == 1
    assert printed[0].startswith("False True red"), "shut, sounding, red"


def test_the_table_of_faults_names_every_bit_and_the_page_is_made_from_it() -> None:
    assert list(FAULT_TABLE) == list(Fault)
    assert all(all(entry) for entry in FAULT_TABLE.values())


@pytest.mark.parametrize("tool", ["fault_page.py", "signal_picture.py"])
def test_what_a_tool_draws_or_writes_is_fresh(tool: str) -> None:
    command = [sys.executable, str(ROOT / "tools" / tool), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
