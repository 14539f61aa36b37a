"""Benches of rig and device in this process: with small programs of the test's own, or with the real firmwares."""

from __future__ import annotations

from pathlib import Path

from davy.bench.emulation.cosim import BenchWorld
from davy.bench.emulation.emulated import EmulatedBench, wiring_for
from davy.bench.emulation.rig_pins import RigPins
from davy.bench.emulation.virtual_rig import VirtualRig
from davy.bench.serial_rig import SerialRig
from davy.board.events import BoardEvent, Listener
from davy.board.flash import new_flash
from davy.board.plant import Plant
from davy.board.room import RoomConfig
from davy.board.virtual import VirtualBoard
from davy.image.boardfile import load_board
from davy.image.build import build_image
from davy.image.settings import Settings


class Programs:
    """A rig and a device that run the two programs given, each as main.py; `said` is what each printed, line by line."""

    def __init__(self, folder: Path, rig: str, device: str, *, board: str = "virtual", seed: int = 1) -> None:
        spec = load_board(board)
        self.said: dict[str, list[str]] = {"rig": [], "device": []}
        self.seen: list[BoardEvent] = []
        images = {}
        for name, program in (("rig", rig), ("device", device)):
            tree = folder / name
            tree.mkdir()
            # Neither comes to its prompt.
            (tree / "main.py").write_text(program + "\ntime.sleep_ms(1_000_000_000)\n")
            images[name] = build_image(spec, Settings.reporting_off(), tree)
        new_flash(folder / "rig.bin", images["rig"])
        self.rig = VirtualRig(
            RigPins.of(wiring_for(spec).tables), flash=folder / "rig.bin", seed=seed + 1, on_event=self._hear("rig")
        )
        self.device = VirtualBoard(
            spec,
            images["device"],
            Plant(spec, RoomConfig(), seed),
            flash=folder / "device.bin",
            seed=seed,
            on_event=self._hear("device"),
        )
        self.world = BenchWorld(self.rig, self.device)
        self.rig.power_on()

    def _hear(self, name: str) -> Listener:
        def hear(event: BoardEvent) -> None:
            if event.kind == "console":
                self.said[name].append(event.data["text"])
            if name == "device":
                self.seen.append(event)

        return hear


class WorldClock:
    """The virtual time of a bench in this process."""

    virtual = True

    def __init__(self, bench: EmulatedBench) -> None:
        self._bench = bench

    def now_s(self) -> float:
        return self._bench.now_ms / 1000

    def wait(self, seconds: float) -> None:
        self._bench.run(round(seconds * 1000))


class WorldLine:
    """One line of a bench in this process; `all` is everything that came on it."""

    def __init__(self, bench: EmulatedBench, name: str) -> None:
        self._bench, self._name = bench, name
        self.all = b""

    def write(self, data: bytes) -> None:
        self._bench.send(self._name, data)

    def read(self) -> bytes:
        data = self._bench.take(self._name)
        self.all += data
        return data


def serial_rig(bench: EmulatedBench) -> tuple[SerialRig, WorldClock, WorldLine]:
    """The bench's rig as a client has it, over its console."""
    clock, line = WorldClock(bench), WorldLine(bench, "rig")
    return SerialRig(line, clock, bench.wiring, session=7), clock, line
