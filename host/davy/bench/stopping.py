"""How a run ends before its time: told by a signal or by the loss of whoever started it, and obeyed where nothing is half done."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType

#: What a person or a service manager ends a run with.
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """A wish to end. A signal comes at any point, also in the middle of a question to the rig or of a flash being written."""

    def __init__(self) -> None:
        self._asked = ""
        self.why = ""

    def hear(self, number: int, _: FrameType | None = None) -> None:
        """A handler of signals."""
        self._asked = self._asked or f"interrupted ({signal.Signals(number).name})"

    def obey(self) -> None:
        """Between two waits of the bench's clock, or two tests. Raises KeyboardInterrupt once it was asked for, and only once."""
        if self._asked and not self.why:
            self.why = self._asked
            raise KeyboardInterrupt(self.why)


def hold_leash(descriptor: int) -> None:
    """End this process and those that it started in good order once the other end of a pipe is closed, whatever closed it."""

    def wait() -> None:
        os.read(descriptor, 1)
        if os.getpgrp() == os.getpid():
            os.killpg(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="leash", daemon=True).start()
