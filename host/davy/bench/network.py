"""Broker and monitor for a device under test: both real, both in this process; the access point is the bench's."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from davy.bench.errors import BenchError
from davy.identity import Unit
from davy.monitor import EmbeddedBroker, MonitorService, TlsFolder, registry
from davy.monitor.packets import StoredEvent
from davy.monitor.registry import Enrolment
from davy.monitor.schema import open_database

_SUBSCRIBE_S = 20.0
_LOOK_S = 0.01


class Services:
    """An embedded broker and a monitor that knows one unit. `close` ends both and takes the database away."""

    def __init__(
        self,
        enrolment: Enrolment,
        *,
        listen: str = "127.0.0.1:0",
        server: TlsFolder | None = None,
        monitor: TlsFolder | None = None,
    ) -> None:
        """`server`, `monitor`: certificates, for a broker by TLS. Raises InputError for an address that cannot be listened on."""
        self._folder = tempfile.TemporaryDirectory(prefix="davy-bench-")
        path = Path(self._folder.name, "events.sqlite")
        with contextlib.closing(open_database(path)) as db:
            registry.enrol(db, [enrolment], time.time_ns() // 1_000_000)
        host, _, port = listen.rpartition(":")
        self._broker = EmbeddedBroker(host, int(port), server)
        self._monitor = MonitorService(self._broker.url, path, tls=monitor, own_broker=server is not None)
        self._monitor.start()
        self._await_monitor()

    @property
    def address(self) -> tuple[str, int]:
        """Of the broker, for as long as these services live."""
        return self._broker.host, self._broker.port

    def set_broker(self, up: bool) -> None:
        """Stop it, or start it again at its address."""
        self._broker.pause()
        self._await_loss()
        if up:
            self._broker.resume()
            self._await_monitor()

    def stored(self) -> list[StoredEvent]:
        """Everything that the monitor has stored."""
        return self._monitor.store.events()

    def close(self) -> None:
        self._monitor.stop()
        self._broker.stop()
        self._folder.cleanup()

    def _await_loss(self) -> None:
        # Noticed before there is a broker again: else the old subscription would be taken for the new one.
        end_s = time.monotonic() + _SUBSCRIBE_S
        while self._monitor.subscribed:
            if time.monotonic() > end_s:
                raise BenchError("rig", "the bench's broker", "went, and the monitor did not notice", "run it again")
            time.sleep(_LOOK_S)

    def _await_monitor(self) -> None:
        if not self._monitor.wait_subscribed(_SUBSCRIBE_S):
            raise BenchError("rig", "the bench's broker", "the monitor could not subscribe", "run davy monitor by hand")


def enrolment_of(unit: Unit, secret: bytes) -> Enrolment:
    """Of a unit that was made just now."""
    return Enrolment(
        unit.identifier,
        unit.serial,
        str(unit.public["board"]),
        str(unit.public["product"]),
        str(unit.public["certificate"]["sha256"]),
        secret,
    )


class BenchNetwork:
    """A NetworkBackend out of Services and the bench's own switches; None for a switch that it does not have."""

    def __init__(
        self,
        services: Services,
        access_point: Callable[[bool], None] | None,
        clock_jump: Callable[[int], None] | None,
    ) -> None:
        self._services = services
        self._access_point, self._clock_jump = access_point, clock_jump
        self.has_access_point = access_point is not None
        self.has_clock = clock_jump is not None

    def set_access_point(self, up: bool) -> None:
        if self._access_point is None:
            raise ValueError("this bench cannot switch an access point")
        self._access_point(up)

    def set_broker(self, up: bool) -> None:
        self._services.set_broker(up)

    def jump_clock(self, seconds: int) -> None:
        if self._clock_jump is None:
            raise ValueError("this bench has no time server")
        self._clock_jump(seconds)

    def stored(self) -> list[StoredEvent]:
        return self._services.stored()

    def close(self) -> None:
        self._services.close()
