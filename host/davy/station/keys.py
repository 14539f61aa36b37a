"""Single keys from a terminal, without Enter. The terminal is put back as it was, whatever happens."""

from __future__ import annotations

import os
import re
import select
import termios
import tty
from contextlib import suppress
from types import TracebackType

#: Arrows and function keys send digits and letters too.
_ESCAPED = re.compile(r"\x1b(\[[0-9;]*[ -/]*[@-~]|O.|.)?")


class Keyboard:
    """Keys as they come, between `with` and its end; Ctrl-C stays a signal."""

    def __init__(self, fd: int = 0) -> None:
        self._fd = fd

    def __enter__(self) -> Keyboard:
        self._before = termios.tcgetattr(self._fd)
        tty.setcbreak(self._fd)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(termios.error):  # it may have gone
            termios.tcsetattr(self._fd, termios.TCSADRAIN, self._before)

    def read(self, wait_s: float) -> str:
        """What was pressed, or '' after `wait_s`. Raises EOFError when the terminal has gone."""
        if not select.select([self._fd], [], [], wait_s)[0]:
            return ""
        try:
            data = os.read(self._fd, 64)
        except OSError:
            data = b""
        if not data:
            raise EOFError
        return plain(data.decode("utf-8", "ignore"))


def plain(text: str) -> str:
    """Without the sequences of arrows and function keys."""
    return _ESCAPED.sub("", text)
