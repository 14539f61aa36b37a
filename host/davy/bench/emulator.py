"""An emulated bench as a process of its own: its lines and its control port over TCP, on this machine only.

In lock-step virtual time stands still until a client asks for a stretch of it. Free-running, with a speed, it follows the wall clock,
as a real bench does for a person or for a program that knows nothing of virtual time.
"""

from __future__ import annotations

import contextlib
import json
import select
import signal
import socket
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from davy.bench.control import MOST_BYTES, VERSION, Refused, act, described, line_of, parse, run_ms
from davy.bench.emulation.emulated import LINES, EmulatedBench, EmulatedSpec
from davy.bench.emulation.tcp_line import TcpLine

HOST = "127.0.0.1"
_SENT_WITHIN_S = 10.0
_PIECE_S = 0.01
#: A machine that falls so far behind the wall clock does not try to catch up.
_BEHIND_S = 0.5
_MOST_READ = 65_536


@dataclass(frozen=True)
class Addresses:
    """TCP ports of one emulated bench, on HOST."""

    name: str
    control: int
    rig: int
    wired: int
    console: int


class Emulator:
    """Serves one bench; everything happens in the thread that calls `serve`."""

    def __init__(
        self,
        bench: EmulatedBench,
        *,
        speed: float | None = None,
        control_port: int = 0,
        leash: IO[bytes] | None = None,
    ) -> None:
        self._bench = bench
        self._leash = leash
        self._speed = speed
        self._lines = {line: TcpLine() for line in LINES}
        self._listener = socket.create_server((HOST, control_port))
        self._listener.setblocking(False)
        self._client: socket.socket | None = None
        self._who = ""
        self._buffer = bytearray()
        self._run_until_ms: int | None = None  # of a client that waits for it
        self._stopped = False
        self._wake_read, self._wake_write = socket.socketpair()
        self._began_s, self._began_ms = time.monotonic(), bench.now_ms
        ports = {line: each.port for line, each in self._lines.items()}
        self.addresses = Addresses(bench.made_of.name, self._listener.getsockname()[1], **ports)

    def stop(self) -> None:
        """May be called from a signal handler or another thread."""
        self._stopped = True
        self._wake_write.send(b"x")

    def serve(self) -> None:
        """Until `stop`."""
        while not self._stopped:
            if not self._wait() or self._stopped:
                return
            for line in self._lines.values():
                line.poll()
            self._accept()
            self._hear()
            if self._speed is not None:
                self._keep_up(self._speed)

    def close(self) -> None:
        """Give the ports back and end the bench's processes."""
        for line in self._lines.values():
            line.close()
        self._drop()
        self._listener.close()
        self._wake_read.close()
        self._wake_write.close()
        self._bench.close()

    # Time

    def _wait(self) -> bool:
        """False when whoever holds the leash has gone."""
        sources: list[Any] = [self._listener, self._wake_read]
        sinks: list[socket.socket] = []
        for line in self._lines.values():
            sources += line.sources()
            sinks += line.sinks()
        if self._client is not None and self._run_until_ms is None:
            sources.append(self._client)
        if self._leash is not None:
            sources.append(self._leash)
        ready = select.select(sources, sinks, [], _PIECE_S if self._speed is not None else None)[0]
        return self._leash is None or self._leash not in ready

    def _keep_up(self, speed: float) -> None:
        now_s = time.monotonic()
        target_ms = self._began_ms + int((now_s - self._began_s) * speed * 1000)
        for name, line in self._lines.items():
            self._bench.send(name, line.take())
        if (target_ms - self._bench.now_ms) / 1000 / speed > _BEHIND_S:
            self._began_s, self._began_ms = now_s, self._bench.now_ms
            target_ms = self._bench.now_ms + int(_PIECE_S * speed * 1000)
        self._run_to(target_ms)
        if self._run_until_ms is not None and self._bench.now_ms >= self._run_until_ms:
            self._run_until_ms = None
            self._answer_run()

    def _run_to(self, t_ms: int) -> None:
        self._bench.run(max(0, t_ms - self._bench.now_ms))
        for name, line in self._lines.items():
            line.give(self._bench.take(name))
            line.poll()

    # The control port

    def _accept(self) -> None:
        try:
            client, address = self._listener.accept()
        except (BlockingIOError, InterruptedError):
            return
        if self._client is not None and self._gone(self._client):
            self._drop()
        if self._client is not None:
            with contextlib.suppress(OSError):
                client.sendall(_line({"error": f"the bench is held by {self._who}"}))
            client.close()
            return
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.settimeout(_SENT_WITHIN_S)
        self._client, self._who = client, f"{address[0]}:{address[1]}"

    def _hear(self) -> None:
        # One request after the other: what comes behind a run waits for its end.
        while self._client is not None and self._run_until_ms is None:
            line, end, rest = bytes(self._buffer).partition(b"\n") if b"\n" in self._buffer else (b"", b"", b"")
            if end:
                self._buffer = bytearray(rest)
                self._take(line)
                continue
            if not select.select([self._client], [], [], 0)[0]:
                return
            try:
                data = self._client.recv(_MOST_READ)
            except OSError:
                data = b""
            self._buffer += data
            if not data or len(self._buffer) > MOST_BYTES:
                self._drop()

    def _take(self, line: bytes) -> None:
        try:
            request = parse(line)
            do = request["do"]
            if do == "run":
                self._run(*run_ms(request))
                return
            if do == "hello":
                self._who = str(request.get("who", self._who))[:200]
                answer = self._hello()
            elif do == "unplug":
                self._lines[line_of(request)].unplug()
                answer = {}
            elif do == "plug":
                self._lines[line_of(request)].plug_in()
                answer = {}
            else:
                answer = act(self._bench, request)
        except Refused as error:
            self._say({"error": str(error)})
            return
        self._say({"ok": True, "now_ms": self._bench.now_ms, **answer})

    def _hello(self) -> dict[str, Any]:
        bench = self._bench
        return {
            "version": VERSION,
            "board": bench.board_spec.name,
            "wiring": described(bench.wiring),
            "seed": bench.made_of.seed,
            "speed": self._speed,
            "ports": asdict(self.addresses),
        }

    def _run(self, ms: int, sent: dict[str, int]) -> None:
        for name, count in sent.items():
            if not self._lines[name].wait_for(count, _SENT_WITHIN_S):
                raise Refused(f"{count} bytes were sent on {name}, and {self._lines[name].took} came")
        for name, line in self._lines.items():
            line.poll()
            self._bench.send(name, line.take(sent.get(name)))
        if self._speed is not None:
            self._run_until_ms = self._bench.now_ms + ms
            return
        self._run_to(self._bench.now_ms + ms)
        self._answer_run()

    def _answer_run(self) -> None:
        came = {name: line.gave for name, line in self._lines.items()}
        crashes, self._bench.world.crashes = self._bench.world.crashes, []
        told = {"crashes": crashes} if crashes else {}
        self._say({"ok": True, "now_ms": self._bench.now_ms, "came": came, **told})

    def _say(self, answer: dict[str, Any]) -> None:
        if self._client is None:
            return
        try:
            self._client.sendall(_line(answer))
        except OSError:
            self._drop()

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client, self._who, self._run_until_ms = None, "", None
        self._buffer.clear()

    @staticmethod
    def _gone(client: socket.socket) -> bool:
        if not select.select([client], [], [], 0)[0]:
            return False
        try:
            return not client.recv(1, socket.MSG_PEEK)
        except OSError:
            return True


def serve_emulator(
    made_of: EmulatedSpec,
    *,
    speed: float | None = None,
    control_port: int = 0,
    on_ready: Callable[[Addresses], None] = lambda addresses: None,
    leash: IO[bytes] | None = None,
) -> None:
    """Make a bench and serve it until SIGTERM or Ctrl-C, or until the other end of `leash` closes.

    `on_ready` hears its ports once everything is up.

    Raises InputError for a board, image or wiring that is wrong, OSError when the control port is taken.
    """
    with tempfile.TemporaryDirectory(prefix="davy-bench-") as folder:
        bench = EmulatedBench(made_of, Path(folder))
        emulator = Emulator(bench, speed=speed, control_port=control_port, leash=leash)
        before = {each: signal.signal(each, lambda *_: emulator.stop()) for each in (signal.SIGTERM, signal.SIGINT)}
        try:
            on_ready(emulator.addresses)
            emulator.serve()
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)
            emulator.close()


def _line(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer).encode() + b"\n"
