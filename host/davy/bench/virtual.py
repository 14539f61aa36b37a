"""The virtual bench: a virtual board in this process, in virtual time, with a rig of no parts around it."""

from __future__ import annotations

import datetime
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from davy import codec
from davy.bench.bench import Bench
from davy.bench.device import Device
from davy.bench.direct_console import DirectConsole
from davy.bench.direct_rig import DirectRig, VirtualClock
from davy.bench.emulation import flash_filler
from davy.bench.network import BenchNetwork, Services, enrolment_of
from davy.bench.unit_made import BROKER_NAME, make_unit
from davy.board.desk import HEAP
from davy.board.events import BoardEvent
from davy.board.flash import new_flash
from davy.board.network import AccessPoint
from davy.board.plant import Plant
from davy.board.room import RoomConfig
from davy.board.virtual import VirtualBoard
from davy.image.boardfile import load_board
from davy.image.build import Image, build_program
from davy.image.calibration import nominal
from davy.image.partitions import FLASH_BYTES, NVS
from davy.paths import FIRMWARE

DEFAULT_SERIAL = "VIRTUAL-"


class _Line:
    """The wired line."""

    def __init__(self) -> None:
        self.board: VirtualBoard | None = None
        self._frames: list[codec.Decoded] = []

    def hear(self, event: BoardEvent) -> None:
        frame = event.data.get("frame")
        if isinstance(frame, codec.Decoded):
            self._frames.append(frame)

    def send(self, frame: bytes) -> None:
        assert self.board is not None
        self.board.send_serial(codec.encode_serial(frame))

    def frames(self) -> list[codec.Decoded]:
        found, self._frames = self._frames, []
        return found


class _Programmer:
    """Writes the flash file while the board has no power."""

    def __init__(self, board: VirtualBoard, rig: DirectRig, flash: Path) -> None:
        self._board, self._rig, self._flash = board, rig, flash
        self._program = ""

    def program(self) -> str:
        return self._program

    def write(self, image: Image, nvs: bytes | None, alive: Callable[[], None]) -> None:
        self._rig.set("power", 0)
        if nvs is None:
            nvs = self._flash.read_bytes()[NVS.offset : NVS.end]
        new_flash(self._flash, image, nvs)
        self._program = image.sha256


class _Storage:
    def __init__(self, rig: DirectRig, flash: Path) -> None:
        self._rig, self._flash = rig, flash

    def fill(self) -> None:
        self._change(flash_filler.fill)

    def empty(self) -> None:
        self._change(flash_filler.empty)

    def _change(self, change: Callable[[bytearray], object]) -> None:
        self._rig.set("power", 0)
        flash = bytearray(self._flash.read_bytes())
        change(flash)
        self._flash.write_bytes(flash)


class _Climate:
    def __init__(self, board: VirtualBoard) -> None:
        self._board = board

    def set(self, temperature_degc: float, humidity_percent: float) -> None:
        self._board.plant.set_climate(temperature_degc, humidity_percent)

    def fault(self, fault: str | None) -> None:
        chip = self._board.periphery.wired.climate
        assert chip is not None
        chip.fault = fault


def virtual_bench(
    serial: str = f"{DEFAULT_SERIAL}1",
    *,
    board: str = "virtual",
    firmware: Path = FIRMWARE,
    seed: int = 1,
    name: str = "virtual",
) -> Bench:
    """Make one; its device is off and its chip empty. Raises InputError for a board, a serial or a firmware that will not do."""
    spec = load_board(board)
    folder = tempfile.TemporaryDirectory(prefix="davy-bench-")
    path = Path(folder.name)
    calibration = replace(nominal(spec), made=datetime.date.today())
    made = make_unit(path, serial, spec, calibration)
    services = Services(enrolment_of(made.unit, made.known.secret))
    access_point = AccessPoint({BROKER_NAME: services.address})
    flash = path / "flash.bin"
    flash.write_bytes(b"\xff" * FLASH_BYTES)
    rig, line, console = DirectRig(seed), _Line(), DirectConsole()

    def hear(event: BoardEvent) -> None:
        rig.hear(event)
        line.hear(event)

    device = VirtualBoard(
        spec,
        None,
        Plant(spec, RoomConfig(), seed),
        flash=flash,
        seed=seed,
        access_point=access_point,
        on_event=hear,
        heap=HEAP,
        on_console=console.hear,
    )
    line.board = console.board = device
    rig.attach(device)
    clock = VirtualClock(device)

    def jump(seconds: int) -> None:
        access_point.epoch_s += seconds

    def close() -> None:
        device.close()
        services.close()
        folder.cleanup()

    return Bench(
        name=name,
        kind="virtual",
        clock=clock,
        rig=rig,
        spec=spec,
        unit=made.known,
        calibration=calibration,
        device=Device(line, clock, made.known),
        programmer=_Programmer(device, rig, flash),
        image=build_program(spec, firmware),
        close=close,
        console=console,
        network=BenchNetwork(services, device.set_wifi, jump),
        storage=_Storage(rig, flash),
        climate=_Climate(device) if spec.climate is not None else None,
        about={"seed": seed},
    )
