"""One process of a fixture: its lines as they come, and its end, which is certain."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from davy.errors import DeskError
from davy.station import leash
from davy.station.desk import one_line

_MOST_LINE_BYTES = 65_536
_KEPT_ERROR_BYTES = 4_096
#: After the leash has ended, a stray that still holds the pipe is not waited for longer than this.
_STRAY_S = 1.0
_END_S = leash.GRACE_S + 7.0


@dataclass(frozen=True)
class Ended:
    """`exit` as of the process; `signal` is not 0 when one ended it; `error` is its newest line on stderr."""

    exit: int
    signal: int
    error: str
    silent: bool = False


class Child:
    """A process on a leash. `run` belongs to one thread, `stop` may come from any."""

    def __init__(self, argv: Sequence[str], keep_fds: Sequence[int] = ()) -> None:
        """`keep_fds` stay open in the leash, so that locks on them last as long as it. Raises DeskError."""
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(Path(leash.__file__)), *argv],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=tuple(keep_fds),
                start_new_session=True,
            )
        except OSError as error:
            raise DeskError(argv[0], f"cannot be started: {error.strerror}", "mend that and start again") from error
        self._letting_go = threading.Lock()
        self._error = b""
        self._partial = b""

    def stop(self) -> None:
        """Let the leash go; `run` returns soon after."""
        assert self._process.stdin is not None
        with self._letting_go, suppress(BrokenPipeError):
            self._process.stdin.close()

    def run(self, on_line: Callable[[bytes], None], silence_s: float) -> Ended:
        """Give every line of stdout to `on_line` until the process has ended.

        A process that says nothing for `silence_s` is stopped. If `on_line` raises, it is stopped as well.
        """
        silent = False
        try:
            silent = self._read(on_line, silence_s)
        finally:
            status = self._end()
        number = status - 128 if status > 128 else -status if status < 0 else 0
        lines = self._error.decode("utf-8", "replace").strip().splitlines()
        return Ended(status, number, one_line(lines[-1]) if lines else "", silent)

    def _read(self, on_line: Callable[[bytes], None], silence_s: float) -> bool:
        assert self._process.stdout is not None and self._process.stderr is not None
        quiet_s, tick_s = 0.0, min(0.25, silence_s)
        with selectors.DefaultSelector() as both:
            both.register(self._process.stdout, selectors.EVENT_READ)
            both.register(self._process.stderr, selectors.EVENT_READ)
            while both.get_map():
                ready = both.select(tick_s)
                quiet_s = 0.0 if ready else quiet_s + tick_s
                if quiet_s >= _STRAY_S and self._process.poll() is not None:
                    return False
                if quiet_s >= silence_s:
                    return True
                for key, _ in ready:
                    data = os.read(key.fd, _MOST_LINE_BYTES)
                    if not data:
                        both.unregister(key.fileobj)
                    elif key.fileobj is self._process.stderr:
                        self._error = (self._error + data)[-_KEPT_ERROR_BYTES:]
                    else:
                        self._cut(data, on_line)
        if self._partial:
            on_line(self._partial)
        return False

    def _cut(self, data: bytes, on_line: Callable[[bytes], None]) -> None:
        *lines, self._partial = (self._partial + data).split(b"\n")
        if len(self._partial) > _MOST_LINE_BYTES:
            lines.append(self._partial)
            self._partial = b""
        for line in lines:
            on_line(line)

    def _end(self) -> int:
        if self._process.poll() is None:
            self.stop()
            try:
                self._process.wait(_END_S)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
        self.stop()
        for pipe in (self._process.stdout, self._process.stderr):
            assert pipe is not None
            pipe.close()
        return self._process.returncode
