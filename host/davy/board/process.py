"""One boot of a virtual board: the MicroPython process, and the line to it."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import subprocess
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from davy.board.interpreter import micropython_command
from davy.board.wire import Message, MessageReader
from davy.image.partitions import VFS
from davy.paths import BOARDS

_SHADOW = BOARDS / "virtual" / "shadow"

#: An ESP32's heap grows from 56 to 168 KiB while a block of 112 is free. Objects take about 1.85 times as much here,
#: where pointers are twice as wide, and the shadow modules live in the same heap (117 KiB, seen by an empty main.py).
DEFAULT_HEAP = "428K"


class BoardCrashed(Exception):
    """The process ended by itself. That is a bug of the interpreter or of the shadow, never of the input."""


class BoardHung(Exception):
    """The process neither asked for time nor answered: firmware that loops without ever looking at the clock."""


@dataclass(frozen=True)
class Boot:
    """What a boot starts from. `speed` is virtual seconds a wall second, None for as fast as it goes.

    `prompt`: 0 for a console with the friendly prompt, 1 with the raw one, None for one that is only listened to.
    `watchdog_ms`: until a watchdog bites that a soft reset left armed, negative for none.
    `flash_cut`: the power goes in the middle of that operation of the flash, counted from 1; 0 for never.
    """

    at_ms: int
    cause: int
    mac: bytes
    flash: Path
    coupled_pins: tuple[int, ...]
    ticks_start: int = 0
    random_state: int = 1
    speed: float | None = None
    heap: str = DEFAULT_HEAP
    prompt: int | None = None
    watchdog_ms: int = -1
    flash_cut: int = 0


class BoardProcess:
    """Starts on construction; `receive` gives its messages in order."""

    def __init__(self, boot: Boot) -> None:
        ours, theirs = socket.socketpair()
        self.line = ours
        options = {
            "line": theirs.fileno(),
            "at_ms": boot.at_ms,
            "ticks": boot.ticks_start,
            "speed_ppm": 0 if boot.speed is None else round(boot.speed * 1_000_000),
            "coupled": ",".join(str(pin) for pin in boot.coupled_pins),
            "cause": boot.cause,
            "watchdog_ms": boot.watchdog_ms,
            "flash_cut": boot.flash_cut,
            "prompt": -1 if boot.prompt is None else boot.prompt,
            "mac": boot.mac.hex(),
            "random": boot.random_state,
            "flash": boot.flash.resolve(),
            "vfs_start": VFS.offset,
            "vfs_bytes": VFS.length,
        }
        self._process = subprocess.Popen(
            [
                *micropython_command(boot.heap),
                str(_SHADOW / "launch.py"),
                *(f"{name}={value}" for name, value in options.items()),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(theirs.fileno(),),
            start_new_session=True,  # a Ctrl-C is for whoever runs the board, and never a KeyboardInterrupt of its program
        )
        theirs.close()
        assert self._process.stdout is not None
        self._stdout = self._process.stdout
        os.set_blocking(self._stdout.fileno(), False)
        self._reader = MessageReader()
        self._messages: deque[tuple[Message, bytes]] = deque()

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, data: bytes) -> None:
        """Raises BoardCrashed when nobody is there to read it."""
        try:
            self.line.sendall(data)
        except OSError as error:
            raise BoardCrashed(self._last_words()) from error

    def receive(self, timeout_s: float) -> tuple[Message, bytes]:
        """The next message. Raises BoardHung after timeout_s of wall time without one, BoardCrashed at the end."""
        while not self._messages:
            if not select.select([self.line], [], [], timeout_s)[0]:
                raise BoardHung(f"no sign of life for {timeout_s:g} s\n{self._last_words()}")
            self._pull()
        return self._messages.popleft()

    def receive_waiting(self) -> list[tuple[Message, bytes]]:
        """What is there already, without waiting. Raises BoardCrashed when the process has ended and said nothing more."""
        while select.select([self.line], [], [], 0)[0]:
            try:
                self._pull()
            except BoardCrashed:
                if not self._messages:
                    raise
                break  # its last words, such as a reset, come first
        found = list(self._messages)
        self._messages.clear()
        return found

    def _pull(self) -> None:
        try:
            data = self.line.recv(1 << 16)
        except ConnectionResetError:
            data = b""
        if not data:
            raise BoardCrashed(self._last_words())
        self._messages.extend(self._reader.feed(data))

    def read_stdout(self) -> str:
        """What the process printed past the shadow's console: tracebacks of the interpreter itself."""
        parts = []
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self._stdout.fileno(), 1 << 16):
                parts.append(data)
        return b"".join(parts).decode("utf-8", "replace")

    def _last_words(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=1)
        return f"exit status {self._process.poll()}\n{self.read_stdout()}"

    def kill(self) -> None:
        """SIGKILL, as a power cut: nothing of the process runs after it."""
        self._process.kill()
        self._process.wait()
        self.line.close()
        self._stdout.close()
