"""The page "your first board", followed word for word in a shell, on a virtual board."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from davy.monitor.held_port import HeldPort
from support.micropython_image import craft
from support.page_shell import Shell, commands_of

COMMANDS = commands_of("first-board.md")
FILE = "ESP32_GENERIC-20260601-v1.29.0.bin"


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    (tmp_path / FILE).write_bytes(craft(app_bytes=60_000))
    found = Shell(tmp_path)
    yield found
    found.close()


@pytest.fixture
def port() -> Iterator[str]:
    """Instead of the page's own, which may be taken on this machine."""
    with HeldPort() as held:
        yield str(held.port)


def test_the_page_leads_from_a_bare_chip_to_a_unit_that_has_tested_itself(shell: Shell, port: str) -> None:
    said: dict[str, str] = {}
    terminal = ""
    for command in COMMANDS:
        line = command.replace("4161", port)
        if line.startswith("PORT="):
            line = f"PORT={terminal}"  # the page says: the one that it prints
        status, text = shell.say(line)
        if line.endswith("&"):
            text += shell.read_until(re.compile(r"rfc2217 +rfc2217://"), 30)
            terminal = re.findall(r"terminal +(/dev/pts/\d+)", text)[0]
        assert status == 0, f"{line}\n{text}"
        said.setdefault(command, "")
        said[command] += text
    flashes = next(text for command, text in said.items() if command.startswith("davy flash"))
    assert flashes.count("PASS: 88.118.8/GA26000001") == 2
    assert "nothing had to be written, self-test passed" in flashes
    assert "the boot loader of an ESP32 answers" in next(text for line, text in said.items() if "doctor" in line)
    assert "'unit.bin'" in next(text for line, text in said.items() if "mpremote" in line)
