"""The console of a virtual board in this process, as a port has it."""

from __future__ import annotations

from davy.board.virtual import VirtualBoard


class DirectConsole:
    """A davy.bench.lines.ByteLine. `hear` is what the board's `on_console` calls; `board` is put in when there is one."""

    def __init__(self) -> None:
        self.board: VirtualBoard | None = None
        self._heard = bytearray()

    def hear(self, data: bytes) -> None:
        """What the board says."""
        self._heard += data

    def write(self, data: bytes) -> None:
        """As a port has it."""
        assert self.board is not None
        self.board.console.type(data)

    def read(self) -> bytes:
        """As a port has it."""
        found = bytes(self._heard)
        self._heard.clear()
        return found
