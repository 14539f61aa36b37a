"""Access point, broker and monitor."""

from __future__ import annotations

import time

from davy import codec
from davy.bench.bench import Bench, NetworkBackend
from davy.bench.clock import wait_until
from davy.monitor.packets import StoredEvent

_MONITOR_S = 0.05


class Network:
    """What the monitor has of the device, and what can go wrong on the way."""

    def __init__(self, bench: Bench) -> None:
        assert bench.network is not None
        self._bench = bench
        self._backend: NetworkBackend = bench.network

    @staticmethod
    def missing(bench: Bench) -> str:
        return "" if bench.network is not None else "a network"

    @property
    def can_lose_access_point(self) -> bool:
        return self._backend.has_access_point

    @property
    def can_jump_clock(self) -> bool:
        return self._backend.has_clock

    def access_point(self, up: bool) -> None:
        self._backend.set_access_point(up)

    def broker(self, up: bool) -> None:
        self._backend.set_broker(up)

    def jump_clock(self, seconds: int) -> None:
        """The time server tells another time from now on."""
        self._backend.jump_clock(seconds)

    def stored(self, kind: codec.EventKind, session: int | None = None) -> list[StoredEvent]:
        """Events of a kind that the monitor has stored of this device, of one session or of all."""
        source = self._bench.device.source_id().hex()
        return [
            each
            for each in self._backend.stored()
            if each.source == source and each.event.kind == kind and session in (None, each.session)
        ]

    def stores(self, kind: codec.EventKind, after: int, within_s: float) -> bool:
        """Whether there come to be more than `after` events of that kind within so many seconds."""

        def stored() -> bool:
            if len(self.stored(kind)) > after:
                return True
            if self._bench.clock.virtual:
                time.sleep(_MONITOR_S)  # broker and monitor live by the wall clock, and must not be outrun
            return len(self.stored(kind)) > after

        return wait_until(self._bench.clock, stored, within_s)
