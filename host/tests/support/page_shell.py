"""A shell in which a page of the documentation is followed, line by line."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

from davy.paths import ROOT

_DONE = "__done__"


def commands_of(page: str) -> list[str]:
    """The lines that a page of docs/ shows behind a prompt, in their order."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return [line[2:] for block in re.findall(r"```console\n(.*?)```", text, re.S) for line in block.splitlines()]


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
