"""A board's console (UART0) as the world outside has it: who listens, what is typed, and what a soft reset leaves behind."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from davy.board.wire import In

if TYPE_CHECKING:
    from davy.board.supervised import Supervised

#: In one piece: the board takes each out of its own heap.
_MOST_TYPED_BYTES = 256
_CTRL_C = b"\x03"
NO_WATCHDOG = -1


class ConsoleLine:
    """`listener` gets the console's bytes; with one the board has a prompt, in `mode` 0 (friendly) or 1 (raw).

    `watchdog_ms`: until a watchdog bites that a soft reset left armed. `break_waits_s`: wall time since when Ctrl-C has not
    been heard by the board, None when it has.
    """

    def __init__(self, board: Supervised, listener: Callable[[bytes], None] | None) -> None:
        self.listener = listener
        self.mode = 0
        self.watchdog_ms = NO_WATCHDOG
        self.break_waits_s: float | None = None
        self._board = board
        self._said = ""

    @property
    def prompt(self) -> int | None:
        """The mode of the prompt, None for a console that is only listened to."""
        return None if self.listener is None else self.mode

    def type(self, data: bytes) -> None:
        """Bytes into the console, now."""
        for at in range(0, len(data), _MOST_TYPED_BYTES):
            self._board.arrive(In.CONSOLE, data[at : at + _MOST_TYPED_BYTES])
        if _CTRL_C in data and self._board.process is not None and self.break_waits_s is None:
            self.break_waits_s = time.monotonic()

    def says(self, data: bytes) -> None:
        """Bytes from the board, as they are; each whole line is an event."""
        if self.listener is not None:
            self.listener(data)
        self._tell(data.decode("utf-8", "replace"))

    def prints(self, text: str) -> None:
        """What the interpreter prints by itself, past the shadow's console: help(), its own last words."""
        self._tell(text)
        if self.listener is not None:
            self.listener(text.replace("\n", "\r\n").encode())

    def _tell(self, text: str) -> None:
        *lines, self._said = (self._said + text).split("\n")
        for line in lines:
            self._board.emit("console", text=line.rstrip("\r"))

    def hard_reset(self) -> None:
        """Nothing of the run before is left."""
        self.mode, self.watchdog_ms = 0, NO_WATCHDOG

    def soft_reset(self, body: bytes) -> None:
        """The prompt's mode lives on, and an armed watchdog too; the board told both."""
        self.mode, self.watchdog_ms = struct.unpack("<Bi", body)
