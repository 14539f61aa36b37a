"""Benches that go wrong at a chosen point of a run: emulated ones as the processes they are, and a hand on their control port."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from davy.paths import ROOT
from support.lab import Program

_WITHIN_S = 60.0
#: Three short tests, in the order in which they run.
FIRST, SECOND, THIRD = "it proves who it is", "the button opens it", "no command opens"
SELECT = ("-k", "it_proves_who or the_button_opens_it or no_command_opens")
Ask = Callable[[dict[str, Any]], dict[str, Any]]


def davy(*words: object) -> list[str]:
    return [sys.executable, "-m", "davy", *map(str, words)]


@contextlib.contextmanager
def emulated(folder: Path, name: str = "bench", *options: object) -> Iterator[tuple[Path, Program]]:
    """`davy bench emulate`: its bench file and its process."""
    path = folder / f"{name}.yaml"
    program = Program(*davy("bench", "emulate", "-o", path, *options))
    try:
        program.wait_for("ends with Ctrl-C")
        yield path, program
    finally:
        program.signal(signal.SIGTERM)
        program.process.wait(_WITHIN_S)


def control_of(bench: Path) -> tuple[str, int]:
    host, _, port = str(yaml.safe_load(bench.read_text())["emulated"]).rpartition(":")
    return host, int(port)


def tell(bench: Path, **request: Any) -> None:
    """A request to a bench that nobody holds. Raises when it is refused."""
    ask_control(control_of(bench), **request)


def ask_control(address: tuple[str, int], **request: Any) -> None:
    """The same, to its control port."""
    with socket.create_connection(address, _WITHIN_S) as control, control.makefile("rb") as reader:
        control.sendall(json.dumps(request).encode() + b"\n")
        answer = json.loads(reader.readline())
    if "error" in answer:
        raise ValueError(answer["error"])


@dataclass
class Meddler:
    """Stands between a run and a bench's control port; `meddle` acts once, when test `during` has run for `after_ms` of virtual time.

    Until then it hands on every request as it is, so the run goes as without it, to the millisecond. The live file in `records` tells
    which test runs. `done` tells that it was the time.
    """

    bench: Path
    records: Path
    during: str
    meddle: Callable[[Ask], object]
    after_ms: int = 1_000
    live: str = "*"
    done: threading.Event = field(default_factory=threading.Event)
    _since_ms: int | None = None
    _now_ms: int = 0

    @contextlib.contextmanager
    def file(self) -> Iterator[Path]:
        """The bench file by which a run comes here."""
        listener = socket.create_server(("127.0.0.1", 0))
        path = self.bench.with_name(f"meddled-{self.bench.name}")
        told = yaml.safe_load(self.bench.read_text())
        path.write_text(yaml.safe_dump({**told, "emulated": f"127.0.0.1:{listener.getsockname()[1]}"}))
        thread = threading.Thread(target=self._serve, args=(listener,), daemon=True)
        thread.start()
        try:
            yield path
        finally:
            # A thread in accept() is not woken by close(); by this it is.
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join(_WITHIN_S)
            listener.close()

    def _serve(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            client, _ = listener.accept()
            with client, socket.create_connection(control_of(self.bench), _WITHIN_S) as bench:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                bench.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with client.makefile("rb") as asked, bench.makefile("rb") as answers:
                    self._hand_on(client, bench, asked, answers)

    def _hand_on(self, client: socket.socket, bench: socket.socket, asked: Any, answers: Any) -> None:
        def ask(request: dict[str, Any]) -> dict[str, Any]:
            bench.sendall(json.dumps(request).encode() + b"\n")
            answer: dict[str, Any] = json.loads(answers.readline())
            if "error" in answer:
                raise ValueError(answer["error"])
            return answer

        for line in asked:
            if not self.done.is_set() and self._is_time():
                self.meddle(ask)
                self.done.set()
            bench.sendall(line)
            answer = answers.readline()
            if not answer:
                return
            self._now_ms = json.loads(answer).get("now_ms", self._now_ms)
            client.sendall(answer)

    def _is_time(self) -> bool:
        if self._since_ms is None:
            phase = (live_of(self.records, self.live) or {}).get("phase") or {}
            if self.during in phase.get("name", ""):
                self._since_ms = self._now_ms
        return self._since_ms is not None and self._now_ms >= self._since_ms + self.after_ms


@dataclass(frozen=True)
class Ended:
    """What a run left: status, what it printed, and the records."""

    status: int
    out: str
    err: str
    folder: Path

    @property
    def said(self) -> str:
        return self.out + self.err

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(path.read_bytes()) for path in sorted(self.folder.glob("*/2*.json"))]

    @property
    def live(self) -> dict[str, Any]:
        found = live_of(self.folder)
        assert found is not None, self.said
        return found


def live_of(records: Path, bench: str = "*") -> dict[str, Any] | None:
    """The live file of a bench, or of the only one; None before there is one."""
    found = [path for path in records.glob(f"live/{bench}.json") if not path.name.startswith(".")]
    return json.loads(found[0].read_bytes()) if found else None


def start(folder: Path, *words: object, **options: Any) -> subprocess.Popen[str]:
    """`davy bench run` with the records in `folder`, in a session of its own."""
    return subprocess.Popen(
        davy("bench", "run", "--records", folder, *words),
        text=True,
        cwd=ROOT,
        start_new_session=True,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
    )


def ended(process: subprocess.Popen[str], folder: Path) -> Ended:
    out, err = process.communicate(timeout=_WITHIN_S)
    return Ended(process.returncode, out, err or "", folder)


def run(folder: Path, *words: object, **options: Any) -> Ended:
    return ended(start(folder, *words, **options), folder)


def processes_of(text: str) -> list[int]:
    """Ids of this machine's processes whose command line holds the text."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if (
                text in path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
                and int(path.parent.name) != os.getpid()
            ):
                found.append(int(path.parent.name))
    return found


def verdicts(out: str) -> dict[str, str]:
    """Serial -> the word that a run's last lines have for it."""
    words = "PASS, marginal|PASS|FAIL|BENCH ERROR|NOTHING TESTED|STOPPED"
    return {serial: word for word, serial in re.findall(rf"^({words})  (\S+) on ", out, re.M)}


def meddled(bench: Path, records: Path, meddle: Callable[[Ask], object], *words: object, **when: Any) -> Ended:
    """A run in whose second test somebody meddles, unless said otherwise."""
    meddler = Meddler(bench, records, **{"during": SECOND, **when}, meddle=meddle)
    with meddler.file() as path:
        found = run(records, "--bench", path, *SELECT, *words)
    assert meddler.done.is_set(), found.said
    return found
