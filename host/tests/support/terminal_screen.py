"""A terminal for a process: a pseudo terminal, and the screen that somebody would see on it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Sequence
from typing import Any

_SEQUENCE = re.compile(r"\x1b\[(\?)?([0-9;]*)([A-Za-z])")


class Screen:
    """Rows of text out of what a process writes. Knows the few sequences that a table on the move needs; others raise."""

    def __init__(self, rows: int, columns: int) -> None:
        self.cells = [[" "] * columns for _ in range(rows)]
        self._columns = columns
        self._row = self._column = 0
        self._rest = ""

    def feed(self, text: str) -> None:
        """Take what was written, whole sequences or not."""
        text, self._rest = self._rest + text, ""
        at = 0
        while at < len(text):
            if text[at] == "\x1b":
                found = _SEQUENCE.match(text, at)
                if found is None:
                    if len(text) - at > 12:
                        raise ValueError(f"unknown sequence {text[at : at + 12]!r}")
                    self._rest = text[at:]
                    return
                self._do(found[1], found[2], found[3])
                at = found.end()
            else:
                self._put(text[at])
                at += 1

    def _put(self, character: str) -> None:
        if character == "\r":
            self._column = 0
        elif character == "\n":
            self._row += 1
            if self._row == len(self.cells):
                self.cells = [*self.cells[1:], [" "] * self._columns]
                self._row -= 1
        elif character.isprintable():
            if self._column == self._columns:
                self._put("\r")
                self._put("\n")
            self.cells[self._row][self._column] = character
            self._column += 1
        elif character != "\x07":
            raise ValueError(f"unknown character {character!r}")

    def _do(self, private: str | None, numbers: str, letter: str) -> None:
        if letter == "A":
            self._row = max(0, self._row - int(numbers or 1))
        elif letter == "K" and numbers == "2":
            self.cells[self._row] = [" "] * self._columns
        elif letter != "m" and not (private and letter in "hl"):
            raise ValueError(f"unknown sequence {private or ''}{numbers}{letter}")

    def lines(self) -> list[str]:
        """The rows, without spaces at their ends."""
        return ["".join(row).rstrip() for row in self.cells]


class Terminal:
    """A process on a terminal of its own: keys in, screen out."""

    def __init__(self, command: Sequence[str], rows: int = 30, columns: int = 130) -> None:
        self._master, self._slave = pty.openpty()
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen = Screen(rows, columns)
        self._modes = termios.tcgetattr(self._slave)
        self.process = subprocess.Popen(
            command,
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": str(rows)},
        )

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def see(self, pattern: str, within_s: float = 40) -> str:
        """The first row that matches, as soon as there is one."""
        deadline = time.monotonic() + within_s
        while True:
            for line in self.screen.lines():
                if re.search(pattern, line):
                    return line
            ended = self.process.poll() is not None
            if not self._read(0.0 if ended else 0.2) and (ended or time.monotonic() > deadline):
                raise AssertionError(f"{pattern!r} was not seen:\n" + "\n".join(self.screen.lines()).rstrip())

    def end(self, within_s: float = 40) -> int:
        """Exit status; what came last is on the screen."""
        deadline = time.monotonic() + within_s
        while self.process.poll() is None and time.monotonic() < deadline:
            self._read(0.2)
        while self._read(0.0):
            pass
        return self.process.wait(0)

    def modes_are_as_before(self) -> bool:
        return self.modes() == self._modes

    def modes(self) -> list[Any]:
        return list(termios.tcgetattr(self._slave))

    def hang_up(self) -> None:
        """The window is closed."""
        os.close(self._master)
        self._master = -1

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for fd in (self._master, self._slave):
            if fd >= 0:
                os.close(fd)

    def _read(self, wait_s: float) -> bool:
        if not select.select([self._master], [], [], wait_s)[0]:
            return False
        self.screen.feed(os.read(self._master, 65_536).decode())
        return True
