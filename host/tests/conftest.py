"""Tests send Ctrl-C to programs. Where the tests themselves were started in the background, a shell has them ignore it."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
