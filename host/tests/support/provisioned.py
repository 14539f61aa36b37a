"""A provisioned unit on the virtual board, with hands on both places of its record."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import littlefs

from davy.board.nvs import NvsError, NvsPartition
from davy.codec import Challenge, Hello, Query, encode_frame, encode_serial
from davy.identity import Ca, Unit, provision
from davy.image.boardfile import load_board
from davy.image.calibration import nominal
from davy.image.partitions import BLOCK_BYTES, NVS, VFS
from davy.image.settings import Settings
from davy.testing.board_under_test import BoardUnderTest

IDENTIFIER = "88.118.8/GA26007777"
KEYS = ("settings", "calibration", "cert", "key", "ca", "secret")
#: As a target: whoever is on this line.
ANYONE = bytes(8)
NONCE = bytes(range(100, 116))


def made(ca: Ca, settings: Settings | None = None, **arguments: Any) -> Unit:
    """A calibrated unit that reports on its wired line; arguments are provision's."""
    spec = load_board("virtual")
    arguments.setdefault("calibration", nominal(spec))
    return provision(ca, IDENTIFIER, spec, settings or Settings.wired_only(), **arguments)


class Provisioned:
    """A board with a unit's record in its flash, and hands on both places of the record while its power is off."""

    def __init__(self, folder: Path, unit: Unit | None, **arguments: Any) -> None:
        self.flash = folder / "flash-1.bin"
        self.test = BoardUnderTest(folder, nvs=unit.nvs if unit else None, **arguments)

    def boot(self, seconds: float = 3) -> None:
        """Power off and on again, and let it run."""
        self.test.cut_power()
        del self.test.events[:]
        self.test.restore_power()
        self.test.run(seconds)

    @property
    def identifier(self) -> str:
        """As the newest HELLO said it."""
        hellos = self.test.messages(Hello)
        assert hellos, self.test.console
        return str(hellos[-1].identifier)

    def ask(self, message: Query | Challenge) -> None:
        self.test.board.send_serial(encode_serial(encode_frame(b"station\0", 0, 0, 0, message)))
        self.test.run(2)

    def stored(self) -> dict[str, bytes]:
        """The blobs in the store, with their CRCs."""
        store, found = NvsPartition(self.flash), {}
        for key in KEYS:
            try:
                found[key] = store.get_blob("unit", key)
            except NvsError:
                continue
        return found

    def write_flash(self, offset: int, data: bytes) -> None:
        """What the power's absence allows: the flash, by hand."""
        assert not self.test.board.powered
        with self.flash.open("r+b") as file:
            file.seek(offset)
            file.write(data)

    def wipe_store(self) -> None:
        self.write_flash(NVS.offset, b"\xff" * NVS.length)

    def spoil_blob(self, key: str) -> None:
        content, data = self.flash.read_bytes(), self.stored()[key]
        at = content.index(data[:32], NVS.offset, NVS.end)
        self.write_flash(at + len(data) // 2, bytes((content[at + len(data) // 2] ^ 1,)))

    def file_system(self) -> littlefs.LittleFS:
        context = littlefs.LittleFS(block_size=BLOCK_BYTES, block_count=VFS.length // BLOCK_BYTES, mount=False)
        context.context.buffer[:] = self.flash.read_bytes()[VFS.offset : VFS.end]
        context.mount()
        return context

    def copy(self) -> bytes | None:
        """/unit.bin, None when there is none."""
        files = self.file_system()  # held: an open file does not keep it alive
        try:
            with files.open("unit.bin", "rb") as file:
                return bytes(file.read())
        except FileNotFoundError:
            return None

    def set_copy(self, content: bytes | None) -> None:
        """Put other bytes there, or take the copy away."""
        files = self.file_system()
        if content is None:
            files.remove("unit.bin")
        else:
            with files.open("unit.bin", "wb") as file:
                file.write(content)
        self.write_flash(VFS.offset, bytes(files.context.buffer))


Maker = Callable[..., Provisioned]


@contextlib.contextmanager
def several(folder: Path) -> Iterator[Maker]:
    """Makes boards, each in a folder of its own, and ends them all."""
    boards: list[Provisioned] = []

    def make(unit: Unit | None, **arguments: Any) -> Provisioned:
        own = folder / str(len(boards))
        own.mkdir()
        boards.append(Provisioned(own, unit, **arguments))
        return boards[-1]

    try:
        yield make
    finally:
        for board in boards:
            board.test.close()
