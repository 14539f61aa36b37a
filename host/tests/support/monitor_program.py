"""`davy monitor` as a program."""

from __future__ import annotations

import resource
import subprocess
import sys
import threading
from pathlib import Path

import psutil

from support.radio import WAIT_S

DAVY = str(Path(sys.executable).with_name("davy"))


class MonitorProgram:
    """The monitor in a process of its own, whose files can be kept from growing."""

    def __init__(self, db: Path, *arguments: str) -> None:
        self.lines: list[str] = []
        self._changed = threading.Condition()
        command = [DAVY, "monitor", "--db", str(db), *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def wait_for(self, words: str) -> None:
        with self._changed:
            found = self._changed.wait_for(lambda: any(words in line for line in self.lines), WAIT_S)
        assert found, f"never said {words!r}: {self.lines}"

    def limit_files(self, most_bytes: int) -> None:
        psutil.Process(self.process.pid).rlimit(psutil.RLIMIT_FSIZE, (most_bytes, resource.RLIM_INFINITY))

    def end(self) -> int:
        self.process.terminate()
        status = self.process.wait(WAIT_S)
        self._reading.join(WAIT_S)
        return status

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._changed:
                self.lines.append(line)
                self._changed.notify_all()
