"""A bench of real parts puts program and identity on its device: with real esptool, on a virtual chip, beside a rig of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from davy.bench.clock import WallClock
from davy.bench.device import Device, KnownUnit
from davy.bench.errors import BenchError
from davy.bench.flash_programmer import FlashProgrammer
from davy.bench.lines import ConsoleFrames
from davy.bench.port_line import PortLine
from davy.bench.wiring import load_wiring
from davy.flash import flashing
from davy.flash.esptool import Run, run_esptool
from davy.flash.unit_folder import load_unit
from davy.image.build import Image
from davy.image.partitions import NVS
from davy.image.release import load_release
from support.desks import Ports, board_process
from support.makers import BOARD, Shop, make_shop
from support.rig_alone import RigAlone


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return make_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def chip(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ports]:
    """A bare one."""
    with board_process(tmp_path_factory.mktemp("chip") / "flash.bin", "--board", BOARD, "--speed", 60) as ports:
        yield ports[0]


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RigAlone]:
    found = RigAlone(tmp_path_factory.mktemp("rig"), load_wiring())
    yield found
    found.close()


@pytest.fixture
def console(chip: Ports) -> Iterator[PortLine]:
    line = PortLine(chip.pty, "console")
    yield line
    line.close()


def programmer_of(
    chip: Ports, console: PortLine, rig: RigAlone, shop: Shop, serial: str
) -> tuple[FlashProgrammer, Image, bytes]:
    """As a bench file with `release` makes it: the programmer, what it is to write, and the unit's record."""
    release = load_release(shop.release)
    identifier, nvs = load_unit(shop.unit(serial), BOARD)
    made = FlashProgrammer(rig.host, console, chip.pty, chip.rfc2217, 921_600, release, identifier)
    return made, Image(b"", release.image_sha256, {}), nvs


def test_a_bare_chip_becomes_the_unit_and_its_console_is_the_benchs_again(
    chip: Ports, console: PortLine, rig: RigAlone, shop: Shop
) -> None:
    programmer, image, nvs = programmer_of(chip, console, rig, shop, "GA1")
    assert programmer.program() == ""
    signs: list[bool] = []
    programmer.write(image, nvs, lambda: signs.append(True))
    assert programmer.program() == image.sha256
    assert len(signs) >= 7, "of life, for who watches meanwhile: one a step at least"
    hello = Device(ConsoleFrames(console), WallClock(), KnownUnit("88.118.8/GA1", "GA1")).hello()
    assert (hello.identifier, hello.image_hash.hex()) == ("88.118.8/GA1", image.sha256[:16])


def test_a_program_that_is_asked_for_again_is_written_whole_and_the_unit_stays_who_it_is(
    chip: Ports, console: PortLine, rig: RigAlone, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def listening(port: str, baud: int, words: list[str], **options: Any) -> Run:
        asked.append(words)
        return run_esptool(port, baud, words, **options)

    monkeypatch.setattr(flashing, "run_esptool", listening)
    programmer, image, nvs = programmer_of(chip, console, rig, shop, "GA1")
    programmer.write(image, nvs, lambda: None)
    asked.clear()
    programmer.write(image, None, lambda: None)
    places = {int(word, 16) for words in asked for word in words if word.startswith("0x")}
    release = load_release(shop.release)
    assert places == {part.offset for part in release.parts}
    assert not any("--skip-flashed" in words for words in asked)
    assert programmer.program() == image.sha256
    device = Device(ConsoleFrames(console), WallClock(), KnownUnit("88.118.8/GA1", "GA1"))
    assert device.hello().identifier == "88.118.8/GA1"


def test_a_device_that_is_another_unit_is_left_as_it_is(
    chip: Ports, console: PortLine, rig: RigAlone, shop: Shop
) -> None:
    first, image, nvs = programmer_of(chip, console, rig, shop, "GA1")
    first.write(image, nvs, lambda: None)
    other, image, nvs = programmer_of(chip, console, rig, shop, "GA2")
    with pytest.raises(BenchError, match=r"is 88\.118\.8/GA1 already, not 88\.118\.8/GA2") as caught:
        other.write(image, nvs, lambda: None)
    assert caught.value.cause == "device"
    assert other.program() == ""
    assert b'"identifier": "88.118.8/GA1"' in chip.flash.read_bytes()[NVS.offset : NVS.end]
