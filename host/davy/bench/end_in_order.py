"""A pytest plugin: a wish to stop ends a run's tests without a word of pytest's or xdist's, to whom an interrupt is a failure."""

from __future__ import annotations

import signal
from collections.abc import Generator

import pytest

from davy.bench.stopping import Stop, signals_come, tell_all


class EndInOrder:
    """`hands_out`: this process has no bench, and gives the tests to those that have one."""

    def __init__(self, stop: Stop, hands_out: bool) -> None:
        self._stop, self._hands_out = stop, hands_out

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Whatever runs the tests, a bench being opened among it."""
        if self._hands_out:
            signals_come()
            if self._stop.why:
                tell_all(signal.SIGTERM)  # who runs the tests was not there yet when the signal came
        try:
            return (yield)
        except KeyboardInterrupt:
            if not self._stop.why:
                raise
            session.shouldstop = self._stop.why
            return True
