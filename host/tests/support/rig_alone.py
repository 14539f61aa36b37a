"""A rig with nothing plugged in: its real firmware in virtual time, and the line to it, which a test may spoil."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from davy.bench.emulation.rig_pins import RigPins
from davy.bench.emulation.virtual_rig import SUPPLY_UV, Surroundings, VirtualRig
from davy.bench.rig_image import rig_image
from davy.bench.serial_rig import SerialRig
from davy.bench.wiring import Wiring
from davy.board.events import BoardEvent
from davy.board.flash import new_flash
from davy.image.build import Image


class Felt(Surroundings):
    """Remembers what the rig did: (name or DAC channel, what), and gives it a coil."""

    def __init__(self) -> None:
        self.did: list[tuple[str | int, int | None]] = []
        self.co = b""
        self.coil_ua = 300_000

    def switched(self, name: str, on: bool) -> None:
        self.did.append((name, int(on)))

    def stimulated(self, channel: int, uv: int | None) -> None:
        self.did.append((channel, uv))

    def co_said(self, data: bytes) -> None:
        self.co += data

    def coil(self) -> tuple[int, int]:
        return self.coil_ua, 12_000_000

    def supply_uv(self) -> int:
        return SUPPLY_UV


class RigAlone:
    """Is the line and the clock of `host`, a SerialRig. `spoil_out` and `spoil_in` may change what passes."""

    virtual = True

    def __init__(self, folder: Path, wiring: Wiring, image: Image | None = None, seed: int = 1) -> None:
        flash = folder / "rig.bin"
        new_flash(flash, image or rig_image(wiring), None)
        self._came = bytearray()
        self.felt = Felt()
        self.said: list[str] = []
        self.rig = VirtualRig(
            RigPins.of(wiring.tables), flash=flash, seed=seed, on_console=self._came.extend, on_event=self._happened
        )
        self.rig.around = self.felt
        self.spoil_out: Callable[[bytes], bytes] = lambda data: data
        self.spoil_in: Callable[[bytes], bytes] = lambda data: data
        self.writes = 0
        self.rig.power_on()
        self.rig.run_for(1)
        self.host = SerialRig(self, self, wiring, session=1)

    def _happened(self, event: BoardEvent) -> None:
        if event.kind == "console":
            self.said.append(event.data["text"])

    def write(self, data: bytes) -> None:
        """As a port has it."""
        self.writes += 1
        self.rig.console.type(self.spoil_out(data))

    def read(self) -> bytes:
        """As a port has it."""
        data = bytes(self._came)
        self._came.clear()
        return self.spoil_in(data)

    def now_s(self) -> float:
        """Virtual seconds."""
        return self.rig.now_ms / 1000

    def wait(self, seconds: float) -> None:
        """Lets the rig run."""
        self.rig.run_for(seconds)

    def close(self) -> None:
        """Ends its process."""
        self.rig.close()
