"""The device's file system, full or not."""

from __future__ import annotations

from davy.bench.bench import Bench, StorageBackend


class Storage:
    """Both take the device's power away; it stays off."""

    def __init__(self, bench: Bench) -> None:
        assert bench.storage is not None
        self._backend: StorageBackend = bench.storage

    @staticmethod
    def missing(bench: Bench) -> str:
        return "" if bench.storage is not None else "a way into the device's file system"

    def fill(self) -> None:
        self._backend.fill()

    def empty(self) -> None:
        self._backend.empty()
