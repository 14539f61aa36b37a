"""Power that goes away at any operation of an update, and cables that are pulled: never a silent half, and a second run heals."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from davy.board.flash_chip import PowerLost
from davy.image.blocks import files_in
from davy.image.compile import content_hash
from davy.image.partitions import BLOCK_BYTES, VFS
from davy.image.release import load_release
from support.desks import RunningDesk, running_desk
from support.makers import QUICK, Shop, flash, make_shop, newer_release, ports_of, result

OfUnit = ("image.json", "crc.json", "unit.bin", "unit.new")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return make_shop(tmp_path_factory.mktemp("shop"))


def program_on(vfs: bytes) -> str | None:
    """Content hash of the program that this file system holds, as MicroPython would find it; None when there is none."""
    try:
        files = files_in(vfs)
    except Exception:
        return None
    return content_hash({name: data for name, data in files.items() if name not in OfUnit})


class Watch:
    """Hears every operation of the flash; `each` is called before it, with its number."""

    def __init__(self) -> None:
        self.count = 0
        self.each: Callable[[int, str, int, int], None] | None = None

    def __call__(self, kind: str, offset: int, length: int) -> None:
        if self.each is not None:
            self.count += 1
            self.each(self.count, kind, offset, length)


def first_flash(desk: RunningDesk, shop: Shop) -> None:
    status, events = flash(ports_of(desk), "--image", shop.release, "--unit", shop.unit("GA1"), QUICK)
    assert status == 0, result(events)


def test_at_every_operation_of_an_update_the_chip_holds_the_old_program_the_new_one_or_plainly_none(
    tmp_path: Path, shop: Shop
) -> None:
    newer = newer_release(shop, tmp_path)
    old_hash, new_hash = load_release(shop.release).image_sha256, load_release(newer).image_sha256
    watch, found = Watch(), dict.fromkeys((old_hash, new_hash, None), 0)
    with running_desk(tmp_path / "flash.bin", on_flash=watch) as desk:
        first_flash(desk, shop)
        chip = desk.desk.chip.flash

        def look(number: int, kind: str, offset: int, length: int) -> None:
            vfs = bytearray(chip.read(VFS.offset, VFS.length))
            held = program_on(bytes(vfs))
            assert held in found, f"before operation {number}, {kind} at {offset:#x}: a program that nobody made"
            found[held] += 1
            if kind == "erase" and VFS.offset <= offset:
                # An erase that was cut short: the first half of the sector is gone.
                at = offset - VFS.offset
                vfs[at : at + BLOCK_BYTES // 2] = b"\xff" * (BLOCK_BYTES // 2)
                assert program_on(bytes(vfs)) in found, f"within operation {number}, {kind} at {offset:#x}"

        watch.each = look
        status, events = flash(ports_of(desk), "--image", newer, QUICK)
        watch.each = None
        assert status == 0, result(events)
        assert program_on(chip.read(VFS.offset, VFS.length)) == new_hash
    print(f"{watch.count} operations: {found[old_hash]} old, {found[None]} none, {found[new_hash]} new")
    assert watch.count > 20 and found[old_hash] and found[None]


def test_power_that_goes_away_in_an_update_is_said_and_healed_by_a_second_run(tmp_path: Path, shop: Shop) -> None:
    newer = newer_release(shop, tmp_path)
    seed = random.randrange(1 << 32)
    chance, watch = random.Random(seed), Watch()
    with running_desk(tmp_path / "flash.bin", on_flash=watch) as desk:
        first_flash(desk, shop)
        for number in (1, chance.randrange(2, 60)):
            watch.count = 0

            def cut(count: int, kind: str, offset: int, length: int, at: int = number) -> None:
                if count == at:
                    raise PowerLost

            watch.each = cut
            status, events = flash(ports_of(desk), "--image", newer, QUICK)
            watch.each = None
            text = result(events)["text"]
            assert status == 3 and "flash it again" in text, f"seed {seed}, operation {number}: {text}"
            desk.do(desk.desk.power_on)
            status, events = flash(ports_of(desk), "--image", newer, QUICK)
            assert status == 0, f"seed {seed}, operation {number}: {result(events)}"
            assert result(events)["record"]["identifier"] == "88.118.8/GA1"
            newer = shop.release if newer != shop.release else newer_release(shop, tmp_path / "again")


def test_a_cable_that_is_pulled_is_said_and_healed_by_a_second_run(tmp_path: Path, shop: Shop) -> None:
    seed = random.randrange(1 << 32)
    number, watch = random.Random(seed).randrange(20, 200), Watch()
    with running_desk(tmp_path / "flash.bin", on_flash=watch) as desk:

        def pull(count: int, kind: str, offset: int, length: int) -> None:
            if count == number:
                desk.desk.soon(desk.desk.pull_cable)

        watch.each = pull
        status, events = flash(ports_of(desk), "--image", shop.release, "--unit", shop.unit("GA1"), QUICK)
        watch.each = None
        assert status == 3, f"seed {seed}: {result(events)}"
        assert result(events)["text"].count("\n") == 0 and ";" in result(events)["text"]
        desk.do(desk.desk.plug_in)
        first_flash(desk, shop)
