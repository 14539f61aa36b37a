"""Where the processes of a run come from: one process that has imported everything, and forks.

A fresh `davy monitor` takes most of a second to import what it needs, a fork of the nursery some milliseconds; killed a
thousand times that is the difference between minutes and hours. A child is the same program with the same arguments in a
process of its own, and SIGKILL ends it as it ends any other. The nursery has no threads, so that a fork is a clean one.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

_ANSWER_S = 30.0
_LOOK_S = 0.01


class Child:
    """A process of the nursery. It stays a zombie until it is waited for, so that its pid is nobody else's."""

    def __init__(self, nursery: Nursery, pid: int, role: str) -> None:
        self.pid = pid
        self.role = role
        self._nursery = nursery
        self._status: int | None = None

    def poll(self) -> int | None:
        """Exit status once it has ended (negative: the signal's number), else None."""
        if self._status is None:
            self._status = self._nursery.status(self.pid)
        return self._status

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self.send(signal.SIGKILL)
        self.wait(_ANSWER_S)

    def send(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def wait(self, timeout_s: float) -> int | None:
        """Exit status, or None when it has not ended within timeout_s."""
        deadline = time.monotonic() + timeout_s
        while self.poll() is None and time.monotonic() < deadline:
            time.sleep(_LOOK_S)
        return self._status


class Nursery:
    """Starts on construction; `close` ends it and every child that is left."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        ours.settimeout(_ANSWER_S)
        self._line = ours.makefile("rw", encoding="utf-8", newline="\n")
        self._socket = ours
        environment = dict(os.environ, PYTHONPATH=os.pathsep.join(path for path in sys.path if path))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "davy.chaos.nursery_process", str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            pass_fds=(theirs.fileno(),),
            env=environment,
            start_new_session=True,  # Ctrl-C is the harness's own
        )
        theirs.close()

    def start(self, role: str, arguments: list[str], log: Path, sabotage: str = "") -> Child:
        """Fork a child: `role` is a name in nursery_process, `log` takes what it prints.

        `sabotage` is a `module:function` that is called in the child first: how a test breaks what chaos must find.
        """
        answer = self._ask({"start": role, "arguments": arguments, "log": str(log), "sabotage": sabotage})
        pid = answer["pid"]
        assert pid is not None
        return Child(self, pid, role)

    def status(self, pid: int) -> int | None:
        """Exit status of a child, None while it runs."""
        status = self._ask({"status": pid})["status"]
        return None if status is None else int(status)

    def close(self) -> None:
        self._line.close()
        self._socket.close()
        self._process.wait(_ANSWER_S)

    def _ask(self, request: dict[str, object]) -> dict[str, int | None]:
        self._line.write(json.dumps(request) + "\n")
        self._line.flush()
        line = self._line.readline()
        if not line:
            raise RuntimeError(f"the nursery has ended, exit status {self._process.poll()}")
        answer: dict[str, int | None] = json.loads(line)
        return answer

    def __enter__(self) -> Nursery:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
