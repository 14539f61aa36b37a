"""A unit's record in its two places, the store and the copy: whatever becomes of one of them, the unit is who it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from davy.board.nvs import NvsError, NvsPartition
from davy.codec import Challenge, Fault, Hello, Proof, Status
from davy.identity import Ca, create_ca
from davy.image.partitions import NVS
from davy.image.settings import Settings
from support.provisioned import ANYONE, IDENTIFIER, KEYS, NONCE, Maker, Provisioned, made, several

#: Stops the world at the n-th write to the file system or to the store, so that the power can be cut right there.
STOPPING_MAIN = b"""
import sys
import time
import esp32
import flash_area
vfs = __import__("vfs")

_nvs = esp32.NVS("test")
try:
    _left = [_nvs.get_i32("left")]
except OSError:
    _left = [1 << 29]

def _stop():
    print("stopped")
    while True:
        time.sleep_ms(1000)

def _counted(write, half):
    def counted(*arguments):
        _left[0] -= 1
        if _left[0] == 0:
            if half:
                half(write, *arguments)
            _stop()
        return write(*arguments)
    return counted

def _half(write, area, block, buf, offset=None):
    write(area, block, memoryview(buf)[: len(buf) // 2], offset)

# Mounted anew: a file system takes its device's functions when it is mounted.
_options = dict([argument.split("=", 1) for argument in sys.argv if "=" in argument])
vfs.mount(vfs.VfsPosix("/"), "/host")
_image = open("/host" + _options["flash"], "r+b")
flash_area.FlashArea.writeblocks = _counted(flash_area.FlashArea.writeblocks, _half)
vfs.umount("/")
vfs.mount(
    vfs.VfsLfs2(flash_area.FlashArea(_image, int(_options["vfs_start"]), int(_options["vfs_bytes"]))), "/"
)
esp32.NVS.set_blob = _counted(esp32.NVS.set_blob, None)
from wiring import start
start()
"""


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Ca:
    return create_ca(tmp_path_factory.mktemp("maker") / "ca")


@pytest.fixture
def provisioned(tmp_path: Path) -> Iterator[Maker]:
    with several(tmp_path) as maker:
        yield maker


def test_a_wiped_store_is_filled_again_from_the_copy(ca: Ca, provisioned: Maker) -> None:
    board = provisioned(made(ca))
    board.test.run(3)
    before = board.stored()
    assert len(before) == 6
    board.test.cut_power()
    board.wipe_store()
    board.boot()
    assert board.identifier == IDENTIFIER
    assert board.stored() == before
    assert sum("was not whole" in line for line in board.test.console) == 1
    board.boot()
    assert not any("was not whole" in line for line in board.test.console), "once"


@pytest.mark.parametrize("key", KEYS)
def test_a_damaged_blob_is_mended_from_the_copy(ca: Ca, provisioned: Maker, key: str) -> None:
    board = provisioned(made(ca))
    board.test.run(3)
    before = board.stored()
    board.test.cut_power()
    board.spoil_blob(key)
    assert board.stored() != before
    board.boot()
    assert board.identifier == IDENTIFIER
    assert board.stored() == before
    assert board.test.state.faults == 0


@pytest.mark.parametrize("how", ["gone", "empty", "cut", "flipped"])
def test_a_copy_that_is_lost_or_damaged_is_written_again(ca: Ca, provisioned: Maker, how: str) -> None:
    board = provisioned(made(ca))
    board.test.run(3)
    copy = board.copy()
    assert copy
    board.test.cut_power()
    board.set_copy({"gone": None, "empty": b"", "cut": copy[:-9], "flipped": copy[:50] + b"?" + copy[51:]}[how])
    assert board.copy() != copy
    board.boot()
    assert board.identifier == IDENTIFIER
    assert board.copy() == copy


def test_new_settings_in_the_store_reach_the_copy(ca: Ca, provisioned: Maker) -> None:
    unit = made(ca)
    board = provisioned(unit)
    board.test.run(3)
    board.test.cut_power()
    newer = made(ca, Settings.wired_only(serial_state_ms=700))
    board.write_flash(NVS.offset, newer.nvs)
    board.boot()
    board.test.cut_power()
    board.wipe_store()
    board.boot(20)
    assert 27 <= sum(event.kind == "frame" and "State(" in str(event.data) for event in board.test.events) <= 30


@pytest.mark.parametrize("copy_is", ["gone", "damaged"])
def test_with_both_places_spoilt_the_unit_is_nobody_shows_a_fault_and_still_tells_its_state(
    ca: Ca, provisioned: Maker, copy_is: str
) -> None:
    board = provisioned(made(ca), settings=Settings())
    board.test.run(3)
    board.test.cut_power()
    board.spoil_blob("secret")
    board.set_copy(None if copy_is == "gone" else b"unit1")
    board.boot(5)
    assert board.identifier == ""
    assert any("record is lost" in line for line in board.test.console)
    board.ask(Challenge(ANYONE, NONCE))
    assert board.test.messages(Proof) == []
    board.test.run(200)
    assert board.test.state.faults >> Fault.SETTINGS & 1
    assert board.test.state.methane_status == Status.UNCALIBRATED
    assert "yellow" in board.test.lamp


def test_a_store_that_is_full_leaves_the_unit_on_its_copy(ca: Ca, provisioned: Maker) -> None:
    board = provisioned(made(ca))
    board.test.run(3)
    board.test.cut_power()
    board.wipe_store()
    store = NvsPartition(board.flash)
    with pytest.raises(NvsError):
        for number in range(100):
            store.set_blob("other", f"b{number}", bytes(1_500))
    with pytest.raises(NvsError):
        for number in range(1_000):
            store.set_i32("other", f"i{number}", number)
    board.boot(10)
    assert board.identifier == IDENTIFIER
    assert any("cannot be written" in line for line in board.test.console)
    assert board.test.siren is False
    board.test.run(30)
    assert board.test.messages(Hello)


def cut_at(board: Provisioned, write: int) -> bool:
    """Boot, and cut the power at that write; False when the boot had fewer."""
    board.test.cut_power()
    NvsPartition(board.flash).set_i32("test", "left", write)
    board.boot()
    stopped = "stopped" in board.test.console
    board.test.cut_power()
    NvsPartition(board.flash).set_i32("test", "left", 1 << 29)
    return stopped


def boots_as_itself(board: Provisioned) -> None:
    board.boot()
    assert board.identifier == IDENTIFIER, board.test.console


def test_no_power_cut_while_a_copy_is_replaced_loses_the_identity_even_with_the_store_gone(
    ca: Ca, provisioned: Maker
) -> None:
    board = provisioned(made(ca), spoil={"main.py": STOPPING_MAIN})
    board.test.run(3)
    cuts = 0
    while True:
        board.test.cut_power()
        board.write_flash(NVS.offset, made(ca).nvs)  # another key: the copy must be replaced
        if not cut_at(board, cuts + 1):
            break
        cuts += 1
        board.wipe_store()
        boots_as_itself(board)
        assert board.copy() is not None
    print(f"cut at each of {cuts} writes")
    assert cuts >= 4


def test_no_power_cut_while_the_store_is_filled_again_loses_the_identity(ca: Ca, provisioned: Maker) -> None:
    board = provisioned(made(ca), spoil={"main.py": STOPPING_MAIN})
    board.test.run(3)
    whole = board.stored()
    for cuts in range(6):
        board.test.cut_power()
        board.wipe_store()
        assert cut_at(board, cuts + 1)
        assert len(board.stored()) == cuts
        boots_as_itself(board)
        assert board.stored() == whole
    board.test.cut_power()
    board.wipe_store()
    assert not cut_at(board, 7)
