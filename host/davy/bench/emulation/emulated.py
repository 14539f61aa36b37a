"""A whole bench without hardware: rig, device and what they stand in, and the bytes on the lines between them and a client."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from davy.bench.emulation import flash_filler
from davy.bench.emulation.cosim import BenchWorld
from davy.bench.emulation.rig_pins import RigPins
from davy.bench.emulation.virtual_rig import HEAP, VirtualRig
from davy.bench.rig_image import rig_image
from davy.bench.wiring import RIG_ESP32, Wiring, load_wiring
from davy.board.flash import new_flash
from davy.board.network import AccessPoint
from davy.board.plant import Plant
from davy.board.room import RoomConfig
from davy.board.virtual import VirtualBoard
from davy.files import write_whole
from davy.image.boardfile import load_board
from davy.image.boardparts import BoardSpec, SerialSensor
from davy.image.build import Image
from davy.image.partitions import NVS

LINES = ("rig", "wired", "console")
#: After this the rig has booted and answers, in virtual ms.
_RIG_UP_MS = 1_000
_RIG_SEED = 1_000_003


@dataclass(frozen=True)
class EmulatedSpec:
    """What a bench is made of. `board` is a name or a file; without an image the device comes erased. `wiring` None: see wiring_for.

    `flash` is a file that holds the device's whole flash: what is there is kept, and it stays when the bench ends.
    """

    board: str = "virtual"
    seed: int = 1
    image: Image | None = None
    nvs: bytes | None = None
    flash: Path | None = None
    wiring: Path | None = None
    name: str = "emulated"
    hosts: dict[str, tuple[str, int]] = field(default_factory=dict)


def wiring_for(board: BoardSpec, path: Path | None = None) -> Wiring:
    """The wiring in a file, or the shipped rig's with only those parts that the board has a place for.

    A CO module that nothing listens to would wake the rig each second, and with it the device.
    """
    if path is not None:
        return load_wiring(path)
    wiring = load_wiring(RIG_ESP32)
    if isinstance(board.co, SerialSensor):
        return wiring
    return replace(wiring, tables={name: part for name, part in wiring.tables.items() if name != "co_module"})


class EmulatedBench:
    """Made with the rig up and the device without power. `folder` holds the flashes. `heard` collects what each line has said."""

    def __init__(self, made_of: EmulatedSpec, folder: Path) -> None:
        self.made_of = made_of
        self.board_spec = load_board(made_of.board)
        self.wiring = wiring_for(self.board_spec, made_of.wiring)
        self.access_point = AccessPoint(dict(made_of.hosts))
        self.heard: dict[str, bytearray] = {line: bytearray() for line in LINES}
        rig_flash = folder / "rig.bin"
        self._flash = made_of.flash or folder / "device.bin"
        new_flash(rig_flash, rig_image(self.wiring))
        if made_of.flash is None or not made_of.flash.exists():
            new_flash(self._flash, made_of.image or Image(b"", "", {}), made_of.nvs)
        rig = VirtualRig(
            RigPins.of(self.wiring.tables),
            flash=rig_flash,
            seed=made_of.seed + _RIG_SEED,
            on_console=self.heard["rig"].extend,
        )
        device = VirtualBoard(
            self.board_spec,
            None,
            Plant(self.board_spec, RoomConfig(), made_of.seed),
            flash=self._flash,
            seed=made_of.seed,
            access_point=self.access_point,
            heap=HEAP,
            on_console=self.heard["console"].extend,
        )
        device.on_serial = self.heard["wired"].extend
        self.world = BenchWorld(rig, device)
        rig.power_on()
        self.world.run_until(_RIG_UP_MS)

    @property
    def now_ms(self) -> int:
        return self.world.now_ms

    def send(self, line: str, data: bytes) -> None:
        """Bytes of the client, on one of LINES, now."""
        if not data:
            return
        if line == "rig":
            self.world.rig.console.type(data)
        elif line == "wired":
            self.world.device.send_serial(data)
        else:
            self.world.device.console.type(data)

    def take(self, line: str) -> bytes:
        """What a line has said since the last time."""
        data = bytes(self.heard[line])
        self.heard[line].clear()
        return data

    def run(self, ms: int) -> None:
        """Let virtual time pass; 0 lets happen what is to happen now."""
        self.world.run_until(self.now_ms + ms)

    # What a person does at a bench

    def write_flash(self, littlefs: bytes, nvs: bytes | None) -> None:
        """Put a program on the device, and a unit's record; None keeps the record that it has. A running device starts anew."""
        if nvs is None and self._flash.exists():
            nvs = self._flash.read_bytes()[NVS.offset : NVS.end]
        self._while_held(lambda: new_flash(self._flash, Image(littlefs, "", {}), nvs))

    def fill_flash(self) -> int:
        """Leave no room in the device's file system; bytes that went in. A running device starts anew."""
        written = []
        self._while_held(lambda: self._change(lambda flash: written.append(flash_filler.fill(flash))))
        return written[0]

    def empty_flash(self) -> None:
        """Take that away again."""
        self._while_held(lambda: self._change(flash_filler.empty))

    def set_wifi(self, up: bool) -> None:
        """Switch the access point."""
        self.world.device.set_wifi(up)

    def set_hosts(self, hosts: dict[str, tuple[str, int]], monitored: bool) -> None:
        """Where the names lead that the device looks up."""
        self.access_point.hosts = dict(hosts)
        self.access_point.monitored = monitored

    def jump_clock(self, seconds: int) -> None:
        """From now on the time server tells another time."""
        self.access_point.epoch_s += seconds

    def set_climate(self, degc: float, rh_percent: float) -> None:
        """The air around the device's temperature and humidity part."""
        self.world.device.plant.set_climate(degc, rh_percent)

    def set_climate_fault(self, fault: str | None) -> None:
        """`silent`, `garbled` or None. ValueError on a board without the part."""
        part = self.world.device.periphery.wired.climate
        if part is None:
            raise ValueError(f"{self.board_spec.name} has no temperature and humidity part")
        part.fault = fault

    def kill(self, what: str, dead: bool) -> None:
        """`rig` or `device` shows no sign of life, whatever is done to it; or it does again."""
        if what == "device":
            self.world.harness.kill_device(dead)
        elif dead:
            self.world.rig.hold_in_reset()
        else:
            self.world.rig.let_run()

    def restart_rig(self) -> None:
        """The rig's own supply fails for a moment."""
        self.world.rig.power_cut()
        self.world.rig.power_on()

    def close(self) -> None:
        """End both processes."""
        self.world.close()

    # How it works

    def _change(self, change: Callable[[bytearray], object]) -> None:
        flash = bytearray(self._flash.read_bytes())
        change(flash)
        write_whole(self._flash, bytes(flash))

    def _while_held(self, act: Callable[[], None]) -> None:
        self.world.device.hold_in_reset()
        try:
            act()
        finally:
            self.world.harness.let_go()
