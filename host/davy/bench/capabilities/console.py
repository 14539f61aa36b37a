"""The prompt of the device's MicroPython, on its console. The product's own line is davy.bench.device."""

from __future__ import annotations

from davy.bench.bench import Bench
from davy.bench.clock import wait_until
from davy.bench.lines import ByteLine

_CTRL_C = b"\x03"


class Console:
    """The prompt of the device's MicroPython."""

    def __init__(self, bench: Bench) -> None:
        assert bench.console is not None
        self._bench, self._line = bench, bench.console
        self.text = ""

    @staticmethod
    def missing(bench: Bench) -> str:
        return "" if bench.console is not None else "a line to the device's console"

    @property
    def line(self) -> ByteLine:
        return self._line

    def listen(self) -> str:
        """Everything that it has said so far."""
        self.text += self._line.read().decode("utf-8", "replace")
        return self.text

    def interrupt(self, within_s: float = 10.0) -> bool:
        """Stop the program; whether the prompt came."""
        self.listen()
        before = len(self.text)
        self._line.write(_CTRL_C)
        return wait_until(self._bench.clock, lambda: ">>> " in self.listen()[before:], within_s)

    def run(self, line: str) -> None:
        """Type a line at the prompt."""
        self._line.write(line.encode() + b"\r")
