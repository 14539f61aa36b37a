"""The other users of pyserial, over labgrid's fork of it: esptool, mpremote, RFC 2217 with its lines, and davy's own line."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Iterator

import pytest
import serial

from davy import codec
from davy.bench.clock import WallClock, wait_until
from davy.bench.device import Device, KnownUnit
from davy.bench.lines import ConsoleFrames
from davy.bench.port_line import PortLine
from davy.board.flash import new_flash
from davy.flash import lines
from davy.flash.unit_line import ANYONE, UnitLine
from davy.image.boardfile import load_board
from davy.image.build import build_image
from davy.image.settings import Settings
from support.desks import Ports, board_process, program
from support.micropython_image import craft


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ports]:
    """A board that runs davy, on a desk."""
    flash = tmp_path_factory.mktemp("unit") / "flash.bin"
    new_flash(flash, build_image(load_board("virtual"), Settings.wired_only()))
    image = craft(app_bytes=20_000)
    with flash.open("r+b") as file:
        for offset, part in ((0x1000, image[:0x8000]), (0x10000, image[0xF000:])):
            file.seek(offset)
            file.write(part)
    with board_process(flash) as ports:
        yield ports[0]


def test_the_fork_is_what_is_imported_and_both_are_known_to_pip() -> None:
    assert serial.__version__ == importlib.metadata.version("pyserial-labgrid")
    assert importlib.metadata.version("pyserial") != serial.__version__


def test_esptool_resets_the_chip_by_the_lines_of_rfc_2217_and_davy_hears_the_unit_boot(unit: Ports) -> None:
    done = program(sys.executable, "-m", "esptool", "--port", unit.rfc2217, "--no-stub", "read-mac")
    assert done.returncode == 0 and f"MAC:                {unit.mac}" in done.stdout, done.stdout
    with UnitLine(unit.rfc2217) as line:
        hello = line.ask(codec.Query(ANYONE, codec.QueryKind.HELLO), codec.Hello, 30)
    assert hello is not None


def test_mpremote_lists_the_units_files(unit: Ports) -> None:
    done = program(sys.executable, "-m", "mpremote", "connect", unit.pty, "fs", "ls", timeout_s=60)
    assert done.returncode == 0 and "main" in done.stdout, done.stdout


def test_the_console_of_a_serial_server_is_a_line_of_a_bench(unit: Ports) -> None:
    lines.into_program(unit.rfc2217)  # mpremote leaves a unit stopped
    line = PortLine(unit.rfc2217, "console")
    try:
        clock = WallClock()
        device = Device(ConsoleFrames(line), clock, KnownUnit("", "of the desk"))
        asked = codec.Query(ANYONE, codec.QueryKind.HELLO)
        assert wait_until(clock, lambda: device.ask(asked, codec.Hello) is not None, 30)
    finally:
        line.close()
