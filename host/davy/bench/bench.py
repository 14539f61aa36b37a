"""A bench: a device in a fixture, the rig around it, and what else there is. Tests ask it for capabilities, never for parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from davy.bench.clock import Clock
from davy.bench.device import Device, KnownUnit
from davy.bench.lines import ByteLine
from davy.bench.rig import Rig
from davy.image.boardparts import BoardSpec
from davy.image.build import Image
from davy.image.calibration import Calibration
from davy.monitor.packets import StoredEvent


class Programmer(Protocol):
    """Puts program and identity on the device."""

    def program(self) -> str:
        """SHA-256 of the image that it put there last; empty before."""

    def write(self, image: Image, nvs: bytes | None, alive: Callable[[], None]) -> None:
        """Write the program, and with `nvs` the unit's record; without, the record stays. Raises BenchError or InputError.

        `alive` is called again and again where it takes long.
        """


class NetworkBackend(Protocol):
    """Access point, broker and monitor as the bench has them."""

    has_access_point: bool
    has_clock: bool

    def set_access_point(self, up: bool) -> None:
        """Switch it."""

    def set_broker(self, up: bool) -> None:
        """Stop the broker, or start it again at its address."""

    def jump_clock(self, seconds: int) -> None:
        """From now on the time server tells another time."""

    def stored(self) -> list[StoredEvent]:
        """What the monitor has stored of the device, oldest first."""

    def close(self) -> None:
        """End broker and monitor."""


class StorageBackend(Protocol):
    """The device's file system."""

    def fill(self) -> None:
        """Leave no room in it. Takes the device's power away; it stays off."""

    def empty(self) -> None:
        """Take away what `fill` put there. Takes the power away too."""


class ClimateBackend(Protocol):
    """The air around the device's temperature and humidity part."""

    def set(self, temperature_degc: float, humidity_percent: float) -> None:
        """The weather."""

    def fault(self, fault: str | None) -> None:
        """The part is `silent` or `garbled`, or None."""


@dataclass
class Bench:
    """`kind`: virtual, ports or labgrid. `calibrated`: the day of the bench's own calibration, as in its file, or empty.

    `programmer`: None where devices are taken as they come; then `image` is empty.

    `close` gives everything back, in any state.
    """

    name: str
    kind: str
    clock: Clock
    rig: Rig
    spec: BoardSpec
    unit: KnownUnit
    calibration: Calibration
    device: Device
    programmer: Programmer | None
    image: Image
    close: Callable[[], None]
    calibrated: str = ""
    console: ByteLine | None = None
    network: NetworkBackend | None = None
    storage: StorageBackend | None = None
    climate: ClimateBackend | None = None
    about: dict[str, Any] = field(default_factory=dict)
