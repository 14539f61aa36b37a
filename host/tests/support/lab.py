"""A lab on loopback: labgrid's coordinator and an exporter as the programs they are. Runs where labgrid is installed."""

from __future__ import annotations

import contextlib
import json
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from davy.bench.lab.export import OfferedBench, exporter_yaml
from support.waiting import until

_WITHIN_S = 30.0
#: A client of its own process: takes a place, says so, keeps it until its input ends.
_CLIENT = """
import sys
from davy.bench.lab.place import hold
from davy.bench.lab.wanted import Wanted
from davy.errors import DeskError, InputError
coordinator, place, tags, wait_s = sys.argv[1:5]
wanted = Wanted(coordinator, place, dict(tag.split("=") for tag in tags.split()))
try:
    with hold(wanted, float(wait_s), lambda text: print("TOLD", text, flush=True)) as held:
        print("HAS", held.name, held.address.bench, held.address.rig, flush=True)
        if sys.stdin.readline() == "fail\\n":
            raise RuntimeError("the run failed")
        held.check()
    print("GAVE BACK", flush=True)
except (DeskError, InputError) as error:
    print("REFUSED", type(error).__name__, getattr(error, "cause", ""), error, flush=True)
"""


class Program:
    """A program whose lines are read as they come."""

    def __init__(self, *words: object, cwd: Path | None = None) -> None:
        self.process = subprocess.Popen(
            [str(word) for word in words],
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said: list[str] = []
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def wait_for(self, word: str) -> str:
        """The next line that begins so."""
        end_s = time.monotonic() + _WITHIN_S
        while True:
            line = self._lines.get(timeout=max(0.01, end_s - time.monotonic()))
            if line is None:
                raise RuntimeError(f"{self.process.args!r} ended before it said {word!r}: " + "\n".join(self.said))
            self.said.append(line)
            if line.startswith(word):
                return line

    def tell(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def client(coordinator: str, place: str = "", tags: str = "", wait_s: float = 0.0) -> Program:
    """A client that takes a place: it says HAS, and when told anything GAVE BACK; or REFUSED with the reason; TOLD meanwhile."""
    return Program(sys.executable, "-c", _CLIENT, coordinator, place, tags, wait_s)


class Lab:
    """Places are made in the coordinator's own file, as one that was set up yesterday has it: {name: {tag: value}}."""

    def __init__(self, folder: Path, places: Mapping[str, Mapping[str, str]], exports: str) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        made = {
            name: {
                "aliases": [], "comment": "", "tags": dict(tags), "created": 0.0, "changed": 0.0,
                "matches": [{"exporter": "*", "group": name, "cls": "*", "name": None, "rename": None}],
            }
            for name, tags in places.items()
        }  # fmt: skip
        # JSON is YAML.
        (folder / "places.yaml").write_text(json.dumps(made))
        (folder / "exporter.yaml").write_text(exports)
        self._running: list[Program] = []
        self.address = "127.0.0.1:0"
        self.coordinator = self.start_coordinator()
        self.exporter = self.start_exporter()

    def start_coordinator(self) -> Program:
        """At its address; the first time at a free one."""
        self.coordinator = self._run("coordinator", "-l", self.address)
        self.address = "127.0.0.1:" + self.coordinator.wait_for("listening on").rpartition(":")[2]
        return self.coordinator

    def start_exporter(self, name: str = "desk") -> Program:
        self.exporter = self._run(
            "exporter", "-c", self.address, "-n", name, "--hostname", "127.0.0.1", self.folder / "exporter.yaml"
        )
        self.exporter.wait_for("Exporter ready")
        return self.exporter

    def await_offers(self, count: int) -> None:
        """Until so many benches are offered."""
        from davy.bench.lab.places import list_places

        until(lambda: sum(each.offered for each in list_places(self.address)) == count, f"{count} benches are offered")

    def state(self, name: str) -> str:
        """How a place stands, in a line."""
        from davy.bench.lab.places import list_places

        return next(each.said() for each in list_places(self.address) if each.name == name)

    def close(self) -> None:
        for each in self._running:
            each.kill()

    def _run(self, what: str, *words: object) -> Program:
        # The scripts' own start, by this interpreter.
        start = f"from labgrid.remote.{what} import main; main()"
        found = Program(sys.executable, "-c", start, *words, cwd=self.folder)
        self._running.append(found)
        return found


@contextlib.contextmanager
def lab(folder: Path, places: Mapping[str, Mapping[str, str]], exports: str) -> Iterator[Lab]:
    found = Lab(folder, places, exports)
    try:
        yield found
    finally:
        found.close()


def two_benches(rigs: tuple[int, int] = (5001, 5002)) -> str:
    """What an exporter offers of two benches at made-up ports."""
    benches = {f"bench{at}": OfferedBench("127.0.0.1", port, bench=f"desk {at}") for at, port in enumerate(rigs, 1)}
    return exporter_yaml(benches)
