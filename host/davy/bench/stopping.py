"""How a run ends before its time: told by a signal or by the loss of whoever started it, and obeyed where nothing is half done."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType

#: What a person or a service manager ends a run with.
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """A wish to end. A signal comes at any point, also in the middle of a question to the rig or of a flash being written.

    `why` is "" until it comes.
    """

    def __init__(self) -> None:
        self.why = ""
        self._obeyed = False

    def hear(self, number: int, _: FrameType | None = None) -> None:
        """A handler of signals."""
        self.why = self.why or f"interrupted ({signal.Signals(number).name})"

    def obey(self) -> None:
        """Between two waits of the bench's clock, or two tests. Raises KeyboardInterrupt once it was asked for, and only once."""
        if self.why and not self._obeyed:
            self._obeyed = True
            raise KeyboardInterrupt(self.why)


@contextlib.contextmanager
def signals_wait() -> Iterator[None]:
    """SIGNALS come when this is over, here; in a process that is started meanwhile, and in those that it starts, at `signals_come`.

    Without it one that comes before a process hears signals would end it in the middle of its start.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def signals_come() -> None:
    """From here on this process hears SIGNALS, and those that came before."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def hold_leash(descriptor: int) -> None:
    """End this process and those that it started in good order once the other end of a pipe is closed, whatever closed it."""

    def wait() -> None:
        os.read(descriptor, 1)
        tell_all(signal.SIGTERM)

    threading.Thread(target=wait, name="leash", daemon=True).start()


def tell_all(number: int) -> None:
    """A signal to this process and to those that it started, if they are a group of their own."""
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), number)
