"""The name under which a place is held: it says which process has it, so that a dead one is told from a busy one.

labgrid's coordinator keeps a place for the name that asked for it, and goes on when that client's connection ends: nothing but a
release, or its own restart, frees the place. labgrid-client names itself HOST/USER; davy adds the process.
"""

from __future__ import annotations

import getpass
import os
import socket
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

#: alive and dead are certain; elsewhere: on another computer (or in another container, or before a restart of this one), not to be
#: seen from here; person: held by labgrid-client, for as long as somebody wants.
Life = Literal["alive", "dead", "elsewhere", "person"]
_MARK = "davy"


@dataclass(frozen=True)
class Holder:
    """`host` and `user` as labgrid-client would say them. `pid` is 0 for a holder that is no process of davy's."""

    host: str
    user: str
    pid: int = 0
    started: int = 0
    kernel: str = ""

    def __str__(self) -> str:
        process = f".{_MARK}.{self.pid}.{self.started}.{self.kernel}" if self.pid else ""
        return f"{self.host}/{self.user}{process}"

    def said(self) -> str:
        """For a person."""
        return f"{self.user} on {self.host}" + (f" (davy, process {self.pid})" if self.pid else "")

    def life(self) -> Life:
        """Whether it still lives, as far as this process can know."""
        if not self.pid:
            return "person"
        if (self.host, self.kernel) != (socket.gethostname(), _kernel()):
            return "elsewhere"
        return "alive" if _started(self.pid) == self.started else "dead"


def this_process() -> Holder:
    """The holder that this process is."""
    pid = os.getpid()
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a container may have no name for its user
        user = f"user{os.getuid()}"
    return Holder(socket.gethostname(), user.replace("/", "_").replace(".", "_"), pid, _started(pid), _kernel())


def parse(name: str) -> Holder:
    """Of a name as the coordinator keeps it; every name has a holder."""
    host, _, user = name.partition("/")
    parts = user.rsplit(".", 4)
    if len(parts) == 5 and parts[1] == _MARK and parts[2].isdigit() and parts[3].isdigit():
        return Holder(host, parts[0], int(parts[2]), int(parts[3]), parts[4])
    return Holder(host, user)


def _started(pid: int) -> int:
    """When a process began, in a unit that only ever gets compared; 0 when there is none.

    Linux counts ticks since its start, which no change of the clock moves: a living process is never taken for a dead one.
    """
    if sys.platform == "linux":
        try:
            # The name in brackets may hold blanks and brackets; field 3 (the state) follows the last bracket, field 22 is the start.
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0
        return 0 if fields[0] in "ZX" else int(fields[19])
    try:
        return int(psutil.Process(pid).create_time())
    except psutil.Error:
        return 0


def _kernel() -> str:
    """Of whose processes a number speaks: this start of this computer, and this container."""
    parts = []
    try:
        parts = [Path("/proc/sys/kernel/random/boot_id").read_text().strip(), os.readlink("/proc/self/ns/pid")]
    except OSError:
        parts = [socket.gethostname()]
    return f"{zlib.crc32(' '.join(parts).encode()):08x}"
