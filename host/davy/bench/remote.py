"""An emulated bench from the client's side: its clock, its lines, and what a person would do at it.

One client, one thread. In lock-step the bench's time moves only in RemoteClock.wait, and every byte that was sent before it is there
when it moves: the same calls give the same run.
"""

from __future__ import annotations

import json
import os
import select
import socket
from typing import Any

from davy.bench.control import pack, wiring_of
from davy.bench.errors import BenchError, Cause
from davy.image.build import Image

_CONNECT_WITHIN_S = 10.0
_BYTES_WITHIN_S = 30.0
#: Virtual time is computed at a few hundred times real time or faster; a stretch of a day takes minutes.
_ANSWER_WITHIN_S = 600.0
_LINES = ("rig", "wired", "console")


class RemoteLine:
    """One line of the bench, as davy.bench.lines.ByteLine. Raises BenchError when it is gone."""

    def __init__(self, name: str, host: str, port: int) -> None:
        self.name = name
        self._cause: Cause = "rig" if name == "rig" else "device"
        self._address = (host, port)
        self._waiting = bytearray()
        self._connect()

    def _connect(self) -> None:
        self.sent = self._came = 0
        try:
            self._socket = socket.create_connection(self._address, _CONNECT_WITHIN_S)
        except OSError as error:
            raise self._gone(error) from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def reopen(self) -> None:
        """Connect again, as after a line that was unplugged; what was not read is lost."""
        self._socket.close()
        self._waiting.clear()
        self._connect()

    def write(self, data: bytes) -> None:
        """All of it; the bench takes it in when time next moves."""
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise self._gone(error) from error
        self.sent += len(data)

    def read(self) -> bytes:
        """What has come since the last look; never waits."""
        while select.select([self._socket], [], [], 0)[0]:
            self._pull()
        data = bytes(self._waiting)
        self._waiting.clear()
        return data

    def wait_for(self, count: int) -> None:
        """Until so many bytes came since the connection was made."""
        self._socket.settimeout(_BYTES_WITHIN_S)
        while self._came < count:
            self._pull()

    def close(self) -> None:
        """Let it go."""
        self._socket.close()

    def _pull(self) -> None:
        try:
            data = self._socket.recv(1 << 16)
        except OSError as error:
            raise self._gone(error) from error
        if not data:
            raise self._gone("closed by the bench")
        self._came += len(data)
        self._waiting += data

    def _gone(self, why: object) -> BenchError:
        return BenchError(
            self._cause, f"line {self.name}", f"is gone: {why}", "is it plugged in, and the bench still there?"
        )


class RemoteClock:
    """The bench's virtual time, as davy.bench.clock.Clock."""

    virtual = True

    def __init__(self, bench: RemoteBench) -> None:
        self._bench = bench

    def now_s(self) -> float:
        return self._bench.now_ms / 1000

    def wait(self, seconds: float) -> None:
        """Let so much time pass, a whole number of milliseconds."""
        self._bench.run(max(0, round(seconds * 1000)))


class RemoteBench:
    """`address` is the control port, HOST:PORT. Raises BenchError (rig) when there is no bench, or it is held by somebody else."""

    def __init__(self, address: str, *, who: str = "") -> None:
        host, _, port = address.rpartition(":")
        self._where = f"emulated bench {address}"
        try:
            self._socket = socket.create_connection((host, int(port)), _CONNECT_WITHIN_S)
        except (OSError, ValueError) as error:
            raise self._error(f"cannot be reached: {error}") from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.settimeout(_ANSWER_WITHIN_S)
        self._reader = self._socket.makefile("rb")
        self.now_ms = 0
        self.crashes: list[str] = []
        self.clock = RemoteClock(self)
        self.lines: dict[str, RemoteLine] = {}
        self.about = self.ask({"do": "hello", "who": who or f"process {os.getpid()} on {socket.gethostname()}"})
        self.wiring = wiring_of(self.about["wiring"])
        for name in _LINES:
            self.lines[name] = RemoteLine(name, host, self.about["ports"][name])

    @property
    def rig(self) -> RemoteLine:
        """The rig's console."""
        return self.lines["rig"]

    @property
    def wired(self) -> RemoteLine:
        """The device's wired line."""
        return self.lines["wired"]

    @property
    def console(self) -> RemoteLine:
        """The device's console."""
        return self.lines["console"]

    def run(self, ms: int) -> None:
        """Let so much virtual time pass; 0 lets happen what is to happen now."""
        answer = self.ask({"do": "run", "ms": ms, "sent": {name: line.sent for name, line in self.lines.items()}})
        self.crashes += answer.get("crashes", [])
        for name, line in self.lines.items():
            line.wait_for(answer["came"][name])

    def flash(self, image: Image, nvs: bytes | None = None) -> None:
        """Put a program on the device, and a unit's record; None keeps the one that it has. A running device starts anew."""
        request: dict[str, Any] = {"do": "flash", "image": pack(image.littlefs)}
        self.ask(request if nvs is None else {**request, "nvs": pack(nvs)})

    def fill_flash(self) -> None:
        """Leave no room in the device's file system. A running device starts anew."""
        self.ask({"do": "fill_flash"})

    def empty_flash(self) -> None:
        """Take that away again."""
        self.ask({"do": "empty_flash"})

    def wifi(self, up: bool) -> None:
        """Switch the access point."""
        self.ask({"do": "wifi", "up": up})

    def hosts(self, hosts: dict[str, tuple[str, int]], *, monitored: bool = True) -> None:
        """Where the names lead that the device looks up; `monitored`: virtual time waits for a monitor's acknowledgements."""
        self.ask({"do": "hosts", "hosts": {name: list(place) for name, place in hosts.items()}, "monitored": monitored})

    def jump_clock(self, seconds: int) -> None:
        """From now on the time server tells another time."""
        self.ask({"do": "clock_jump", "seconds": seconds})

    def climate(self, temperature_degc: float, humidity_percent: float) -> None:
        """The air around the device's temperature and humidity part."""
        self.ask({"do": "climate", "cdegc": round(temperature_degc * 100), "permille": round(humidity_percent * 10)})

    def climate_fault(self, fault: str | None) -> None:
        """The part is `silent` or `garbled`, or None."""
        self.ask({"do": "climate", "fault": fault})

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Any request of davy.bench.control. Raises BenchError when it is refused or the bench is gone."""
        try:
            self._socket.sendall(json.dumps(request).encode() + b"\n")
            line = self._reader.readline()
        except OSError as error:
            raise self._error(f"does not answer: {error}") from error
        if not line.endswith(b"\n"):
            raise self._error("is gone")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise self._error(str(answer["error"]))
        self.now_ms = int(answer["now_ms"])
        return answer

    def close(self) -> None:
        """Let the bench go; it stays as it is."""
        for line in self.lines.values():
            line.close()
        self._reader.close()
        self._socket.close()

    def __enter__(self) -> RemoteBench:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _error(self, problem: str) -> BenchError:
        return BenchError("rig", self._where, problem, "is `davy bench emulate` running, and nobody else's?")
