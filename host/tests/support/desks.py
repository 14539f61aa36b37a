"""Boards on a desk for tests: as a process, as a person starts them, or in a thread, for faults that only the desk can make."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from davy.board.desk import Desk
from davy.image.boardfile import load_board

#: Seconds of the program's clock in one of ours: a preheat of three minutes takes four seconds.
SPEED = 40.0
_STARTED_WITHIN_S = 30.0


@dataclass(frozen=True)
class Ports:
    """Where a board is."""

    pty: str
    rfc2217: str
    mac: str
    flash: Path


def davy(*arguments: object, timeout_s: float = 110.0) -> subprocess.CompletedProcess[str]:
    """Run the command as a process."""
    return program(sys.executable, "-m", "davy", *arguments, timeout_s=timeout_s)


def program(*words: object, timeout_s: float = 110.0) -> subprocess.CompletedProcess[str]:
    """Run any program; its two streams together."""
    return subprocess.run(
        [str(word) for word in words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout_s,
        check=False,
    )


@contextlib.contextmanager
def board_process(flash: Path, *options: object) -> Iterator[list[Ports]]:
    """`davy board`: the ports of each board. The boards are switched off at the end."""
    command = [sys.executable, "-m", "davy", "board", "--json", "--flash", str(flash), *map(str, options)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    count = int(options[options.index("--count") + 1]) if "--count" in options else 1  # type: ignore[call-overload]
    assert process.stdout is not None and process.stderr is not None
    try:
        found = []
        for _ in range(count):
            line = process.stdout.readline()
            assert line, process.stderr.read()
            said = json.loads(line)
            found.append(Ports(said["pty"], said["rfc2217"], said["mac"], Path(said["flash"])))
        yield found
    finally:
        process.terminate()
        assert process.wait(timeout=20) == 0, process.stderr.read()


class RunningDesk:
    """A desk in a thread of its own; `do` runs something there and waits for it."""

    def __init__(self, flash: Path, **options: Any) -> None:
        self.desk = Desk(load_board("virtual"), flash, speed=options.pop("speed", SPEED), **options)
        self.desk.power_on()
        self._failed: list[BaseException] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.desk.run()
        except BaseException as error:
            self._failed.append(error)

    def do(self, action: Callable[[], None]) -> None:
        done = threading.Event()

        def act() -> None:
            action()
            done.set()

        self.desk.soon(act)
        assert done.wait(20), self._failed

    def close(self) -> None:
        self.desk.stop()
        self._thread.join(20)
        self.desk.close()
        assert not self._failed, self._failed


@contextlib.contextmanager
def running_desk(flash: Path, **options: Any) -> Iterator[RunningDesk]:
    desk = RunningDesk(flash, **options)
    try:
        yield desk
    finally:
        desk.close()
