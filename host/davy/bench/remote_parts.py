"""What a bench asks of its parts (davy.bench.bench), where the bench is an emulated one behind a control port."""

from __future__ import annotations

from collections.abc import Callable

from davy.bench.remote import RemoteBench
from davy.bench.rig import Rig
from davy.image.build import Image


class RemoteProgrammer:
    """Writes program and record while the device has no power; it stays off."""

    def __init__(self, bench: RemoteBench, rig: Rig) -> None:
        self._bench, self._rig = bench, rig
        self._program = ""

    def program(self) -> str:
        return self._program

    def write(self, image: Image, nvs: bytes | None, alive: Callable[[], None]) -> None:
        self._rig.set("power", 0)
        self._bench.flash(image, nvs)
        self._program = image.sha256


class RemoteStorage:
    """The device's file system, filled and emptied while it has no power; it stays off."""

    def __init__(self, bench: RemoteBench, rig: Rig) -> None:
        self._bench, self._rig = bench, rig

    def fill(self) -> None:
        self._rig.set("power", 0)
        self._bench.fill_flash()

    def empty(self) -> None:
        self._rig.set("power", 0)
        self._bench.empty_flash()


class RemoteClimate:
    """The air around the device."""

    def __init__(self, bench: RemoteBench) -> None:
        self._bench = bench

    def set(self, temperature_degc: float, humidity_percent: float) -> None:
        self._bench.climate(temperature_degc, humidity_percent)

    def fault(self, fault: str | None) -> None:
        self._bench.climate_fault(fault)
