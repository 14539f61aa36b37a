"""The monitor of a run: `davy monitor`, with its database, killed, starved of disk, and started again."""

from __future__ import annotations

import resource
import signal
from pathlib import Path

import psutil

from davy.chaos.nursery import Child, Nursery
from davy.chaos.world import MONITOR_FOLDER

_END_S = 20.0


class Monitor:
    """`program`: in a new interpreter, else as a fork of the nursery: the same command with the same arguments."""

    def __init__(
        self, nursery: Nursery, world: Path, folder: Path, port: int, tls: bool, program: bool, sabotage: str = ""
    ) -> None:
        self.db = folder / "events.sqlite"
        self.log = folder / "monitor.log"
        #: How it ended when nobody had asked it to.
        self.deaths: list[str] = []
        self._nursery = nursery
        self._role = "program" if program else "davy"
        self._sabotage = sabotage
        scheme = "mqtts" if tls else "mqtt"
        self._arguments = ["monitor", "--db", str(self.db), "--broker", f"{scheme}://127.0.0.1:{port}"]
        if tls:
            self._arguments += ["--tls", str(world / MONITOR_FOLDER)]
        self._child: Child | None = None

    def start(self) -> None:
        if self._child is None:
            self._child = self._nursery.start(self._role, self._arguments, self.log, self._sabotage)

    def look(self) -> None:
        """Notice that it died of itself, and start it again."""
        if self._child is not None and self._child.poll() is not None:
            said = self.log.read_text(errors="replace")[-2000:]
            self.deaths.append(f"the monitor ended by itself, exit status {self._child.poll()}: {said}")
            self._child = None
            self.start()

    def kill(self) -> None:
        """SIGKILL."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()

    def fill_disk(self, more_bytes: int) -> None:
        """From now on no file of its may grow beyond what the database takes and so many bytes more."""
        sizes = [path.stat().st_size for path in self.db.parent.glob(self.db.name + "*")]
        self._limit(max([*sizes, 65_536]) + more_bytes)

    def free_disk(self) -> None:
        self._limit(resource.RLIM_INFINITY)

    def end(self) -> None:
        """SIGTERM, as Ctrl-C. A monitor that does not end is noted, and killed."""
        child, self._child = self._child, None
        if child is None:
            return
        child.send(signal.SIGTERM)
        status = child.wait(_END_S)
        if status is None:
            child.kill()
            self.deaths.append(f"the monitor did not end within {_END_S:g} s of SIGTERM")
        elif status != 0:
            self.deaths.append(
                f"the monitor ended with {status} after SIGTERM: {self.log.read_text(errors='replace')[-2000:]}"
            )

    def _limit(self, most_bytes: int) -> None:
        if self._child is not None and self._child.poll() is None:
            psutil.Process(self._child.pid).rlimit(psutil.RLIMIT_FSIZE, (most_bytes, resource.RLIM_INFINITY))
