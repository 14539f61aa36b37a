"""A small process beside a run that gives its places back when the run can no longer do it: killed, out of memory, or worse.

It hears of each place before the place is asked for, over a pipe whose end is the run's: when that closes, however it closes, what
was not given back is. A release names its holder, so it takes nothing from anybody who has come since.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time

from davy.bench.errors import BenchError
from davy.bench.lab.holder import Holder, parse
from davy.bench.lab.session import Refused, Session

#: A coordinator that is being restarted knows nothing of the places' holders afterwards; a network that is away comes back.
_TRIES_FOR_S = 60.0
_TRY_EACH_S = 1.0
_HOLD, _FREE = "hold", "free"


class Guard:
    """The run's end of it."""

    def __init__(self, coordinator: str, holder: Holder) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "davy.bench.lab.guard", coordinator, str(holder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            start_new_session=True,  # a Ctrl-C is for the run
        )

    def hold(self, place: str) -> None:
        """From now on this place is given back. Raises BenchError when the guard is not there any more."""
        self._tell(_HOLD, place)

    def free(self, place: str) -> None:
        """It has been given back; a guard that is not there any more does not matter then."""
        with contextlib.suppress(BenchError):
            self._tell(_FREE, place)

    def close(self) -> None:
        """The end of the run: what is held now goes back."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
        except BrokenPipeError:
            return
        try:
            self._process.wait(_TRY_EACH_S)
        except subprocess.TimeoutExpired:
            return  # it goes on without us

    def _tell(self, word: str, place: str) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{word} {place}\n")
            self._process.stdin.flush()
        except (BrokenPipeError, ValueError) as error:
            raise BenchError("place", f"place {place}", "its guard has ended", "run again") from error


def give_back(coordinator: str, holder: Holder, place: str) -> None:
    """Release it if that holder has it. Raises BenchError when the coordinator cannot be reached."""
    with Session(coordinator, holder) as session:
        try:
            session.request("ReleasePlace", "ReleasePlaceRequest", placename=place, fromuser=str(holder))
        except Refused:
            return  # there is no such place any more


def watch(coordinator: str, holder: Holder) -> None:
    """The guard's life."""
    held: set[str] = set()
    for line in sys.stdin:
        word, _, place = line.rstrip("\n").partition(" ")
        if word == _HOLD:
            held.add(place)
        else:
            held.discard(place)
    end_s = time.monotonic() + _TRIES_FOR_S
    while held and time.monotonic() < end_s:
        for place in sorted(held):
            try:
                give_back(coordinator, holder, place)
            except BenchError:
                time.sleep(_TRY_EACH_S)
                break
            held.discard(place)


if __name__ == "__main__":
    # Whoever ends the run with a signal to all of its processes still wants the places back.
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    watch(sys.argv[1], parse(sys.argv[2]))
