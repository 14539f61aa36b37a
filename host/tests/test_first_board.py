"""The page "your first board", followed word for word in a shell, on a virtual board."""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from davy.paths import ROOT
from support.micropython_image import craft

PAGE = (ROOT / "docs" / "first-board.md").read_text(encoding="utf-8")
COMMANDS = [line[2:] for block in re.findall(r"```console\n(.*?)```", PAGE, re.S) for line in block.splitlines()]
FILE = "ESP32_GENERIC-20260601-v1.29.0.bin"
_DONE = "__done__"


class Shell:
    """A bash that is told one line at a time; `say` gives (exit status, what it printed)."""

    def __init__(self, folder: Path) -> None:
        environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "COLUMNS": "200"}
        self._process = subprocess.Popen(
            ["bash", "--norc"], cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

    def say(self, line: str, within_s: float = 100.0) -> tuple[int, str]:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\necho {_DONE} $?\n".encode())
        self._process.stdin.flush()
        text = self.read_until(re.compile(rf"{_DONE} (\d+)\n"), within_s)
        found = re.search(rf"{_DONE} (\d+)\n", text)
        assert found
        return int(found[1]), text[: found.start()]

    def read_until(self, pattern: re.Pattern[str], within_s: float) -> str:
        assert self._process.stdout is not None
        text, end_s = "", time.monotonic() + within_s
        while not pattern.search(text):
            ready = select.select([self._process.stdout], [], [], max(0.0, end_s - time.monotonic()))[0]
            assert ready, f"not within {within_s} s: {text}"
            text += os.read(self._process.stdout.fileno(), 4096).decode()
        return text

    def close(self) -> None:
        os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(10)


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    (tmp_path / FILE).write_bytes(craft(app_bytes=60_000))
    found = Shell(tmp_path)
    yield found
    found.close()


def test_the_page_leads_from_a_bare_chip_to_a_unit_that_has_tested_itself(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])  # the page's own may be taken on this machine
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
