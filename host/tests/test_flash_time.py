"""Flash takes time, is counted, and a power cut in the middle of any operation leaves one version or the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from davy.board.flash_chip import PowerLost
from davy.board.flash_wear import FlashWear
from davy.board.nvs import NvsPartition
from davy.image.partitions import BLOCK_BYTES, NVS, VFS
from support.bench_board import Bench, bench_board

#: Versions of a file, written beside and renamed, and of a number in the store: one more at each boot.
VERSIONS = """
import os
from esp32 import NVS
nvs = NVS("t")
try:
    number = nvs.get_i32("n")
except OSError:
    number = 0
try:
    with open("/v") as file:
        text = file.read()
except OSError:
    text = "0" * 700
version = int(text[:7])
print("found", version, text == "%07d" % version * 100, number)
with open("/v.new", "w") as file:
    file.write("%07d" % (version + 1) * 100)
os.rename("/v.new", "/v")
nvs.set_i32("n", number + 1)
print("wrote")
"""


def test_writing_a_file_takes_the_time_of_its_pages_and_sectors_and_steps_come_late(tmp_path: Path) -> None:
    main = """
import time
from machine import Timer
worst, last = [0], [time.ticks_ms()]
def beat(timer):
    now = time.ticks_ms()
    worst[0], last[0] = max(worst[0], time.ticks_diff(now, last[0])), now
Timer(0).init(period=10, callback=beat)
time.sleep_ms(50)
began = time.ticks_ms()
with open("/big", "wb") as file:
    for _ in range(64):
        file.write(bytes(256))
took = time.ticks_diff(time.ticks_ms(), began)
time.sleep_ms(50)
print(took, worst[0])
"""
    bench = bench_board(tmp_path, main)
    with bench.board as board:
        board.run_for(3)
    took_ms, worst_ms = (int(word) for word in bench.console()[-1].split())
    sectors = board.flash_bytes_erased // BLOCK_BYTES
    assert 4 <= sectors <= 8, "16 KiB of data, and what littlefs keeps of it"
    assert 16_384 <= board.flash_bytes_programmed <= 20_000
    assert took_ms == pytest.approx(45 * sectors + board.flash_bytes_programmed * 0.0027, rel=0.05)
    assert worst_ms >= 45


def test_reading_costs_no_flash_operation(tmp_path: Path) -> None:
    bench = bench_board(tmp_path, 'print(len(open("/main.py").read()) > 0)')
    with bench.board as board:
        board.run_for(1)
    assert bench.console() == ["True"]
    assert board.flash_operations == board.flash_bytes_programmed == board.flash_bytes_erased == 0


def test_a_value_in_the_store_is_an_operation_too(tmp_path: Path) -> None:
    main = """
import time
from esp32 import NVS
nvs = NVS("t")
began = time.ticks_ms()
for number in range(100):
    nvs.set_i32("n", number)
print(time.ticks_diff(time.ticks_ms(), began))
"""
    bench = bench_board(tmp_path, main)
    with bench.board as board:
        board.run_for(2)
    assert 300 <= board.flash_operations <= 320, "entry, its mark, and the mark of the one before"
    assert 10 <= int(bench.console()[-1]) <= 30


def cut_at(bench: Bench, count: int) -> bool:
    """One boot with the power going in the count-th operation; False when it did not come to that."""
    board = bench.board
    if count:
        board.cut_at_flash_operation(count)
    board.power_on()
    board.run_for(3)
    was_cut = not board.powered
    board.power_cut()
    return was_cut


def half_erased(before: bytes, after: bytes) -> int:
    """How many sectors lost the first half of what they held, and kept the second."""
    half = BLOCK_BYTES // 2
    return sum(
        before[at : at + half] == b"\x55" * half
        and after[at : at + half] == b"\xff" * half
        and after[at + half : at + BLOCK_BYTES] == b"\x55" * half
        for at in range(VFS.offset, VFS.end, BLOCK_BYTES)
    )


def found(bench: Bench) -> tuple[int, str, int]:
    """(version, whether the file was whole, number) as the newest boot found them."""
    words = [line for line in bench.console() if line.startswith("found")][-1].split()
    return int(words[1]), words[2], int(words[3])


def test_a_cut_in_any_operation_leaves_the_old_or_the_new_and_half_an_operation(tmp_path: Path) -> None:
    bench = bench_board(tmp_path, VERSIONS, powered=False)
    flash = tmp_path / "flash-1.bin"
    content = bytearray(flash.read_bytes())
    for at in range(VFS.offset, VFS.end, BLOCK_BYTES):
        if content[at : at + BLOCK_BYTES] == b"\xff" * BLOCK_BYTES:  # holds nothing: as in a flash with an earlier life
            content[at : at + BLOCK_BYTES] = b"\x55" * BLOCK_BYTES
    flash.write_bytes(content)
    assert not cut_at(bench, 0)
    halves = 0
    count = 1
    while True:
        version, _, number = found(bench)
        before, operations = flash.read_bytes(), bench.board.flash_operations
        if not cut_at(bench, count):
            break
        assert bench.board.flash_operations - operations == count
        halves += half_erased(before, flash.read_bytes())
        seen = len([line for line in bench.console() if line == "wrote"])
        assert not cut_at(bench, 0), "and it starts again"
        assert len([line for line in bench.console() if line == "wrote"]) == seen + 1
        newer, whole, number_after = found(bench)
        assert whole == "True", count
        assert newer in (version + 1, version + 2), (count, version, newer)
        assert number_after in (number + 1, number + 2), (count, number, number_after)
        count += 1
    assert count > 8, "each operation of one boot"
    assert halves >= 1, "a sector of which the second half is as it was"


def test_a_cut_in_any_operation_of_the_store_loses_no_value(tmp_path: Path) -> None:
    path = tmp_path / "flash.bin"
    path.write_bytes(b"\xff" * NVS.end)
    filling, full, took = 0, b"", 0
    store, wear = NvsPartition(path), FlashWear()
    kept = 0
    while not wear.bytes_erased:  # until a page has been moved and erased to make room
        if filling % 20 == 0:
            kept += 1
            store.set_i32("t", f"kept{kept}", kept)
        filling += 1
        full, wear = path.read_bytes(), FlashWear()
        store = NvsPartition(path, on_operation=wear.store_operation)
        store.set_i32("t", "n", filling)
        took = wear.operations
    assert took > 10
    for count in range(1, took + 1):
        path.write_bytes(full)
        wear = FlashWear()
        wear.cut_in = count
        with pytest.raises(PowerLost):
            NvsPartition(path, on_operation=wear.store_operation).set_i32("t", "n", filling)
        after = NvsPartition(path)
        assert [after.get_i32("t", f"kept{one}") for one in range(1, kept + 1)] == list(range(1, kept + 1)), count
        assert after.get_i32("t", "n") in (filling - 1, filling), count
        # Up to the next time that room must be made, where it matters; once elsewhere.
        for number in range(130 if count in (took // 2, took) else 1):
            after.set_i32("t", "n", number)
        assert NvsPartition(path).get_i32("t", "n") == number


def test_half_of_a_program_is_the_first_half_of_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "flash.bin"
    path.write_bytes(b"\xff" * NVS.end)
    NvsPartition(path).set_i32("t", "n", 1)
    before, wear = path.read_bytes(), FlashWear()
    wear.cut_in = 1
    with pytest.raises(PowerLost):
        NvsPartition(path, on_operation=wear.store_operation).set_blob("t", "b", b"\x00" * 200)
    changed = [at for at, (old, new) in enumerate(zip(before, path.read_bytes(), strict=True)) if old != new]
    assert 100 <= max(changed) - min(changed) < (200 + 2 * 32) // 2
