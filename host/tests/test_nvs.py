"""The non-volatile store in the flash image."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from davy.board.nvs import MAX_BLOB_BYTES, NOT_ENOUGH_SPACE, NOT_FOUND, TYPE_MISMATCH, NvsError, NvsPartition
from davy.image.partitions import FLASH_BYTES


@pytest.fixture
def flash(tmp_path: Path) -> Path:
    path = tmp_path / "flash.bin"
    path.write_bytes(b"\xff" * FLASH_BYTES)
    return path


def test_values_are_read_back_from_the_file_and_keep_their_kind(flash: Path) -> None:
    nvs = NvsPartition(flash)
    nvs.set_i32("davy", "latch", -1)
    nvs.set_blob("davy", "key", bytes(range(200)))
    nvs.set_i32("other", "latch", 7)
    again = NvsPartition(flash)
    assert again.get_i32("davy", "latch") == -1
    assert again.get_i32("other", "latch") == 7
    assert again.get_blob("davy", "key") == bytes(range(200))
    with pytest.raises(NvsError) as refused:
        again.get_i32("davy", "key")
    assert refused.value.code == TYPE_MISMATCH
    again.erase_key("davy", "latch")
    with pytest.raises(NvsError) as refused:
        NvsPartition(flash).get_i32("davy", "latch")
    assert refused.value.code == NOT_FOUND


def test_thousands_of_rewrites_compact_the_pages_and_lose_nothing(flash: Path) -> None:
    seed = 20261124
    dice = random.Random(seed)
    nvs = NvsPartition(flash)
    expected: dict[str, int | bytes] = {}
    for step in range(3000):
        key = f"k{dice.randrange(12)}"
        if dice.random() < 0.8:
            number = dice.randrange(-(1 << 31), 1 << 31)
            nvs.set_i32("n", key, number)
            expected[key] = number
        else:
            blob = dice.randbytes(dice.randrange(0, 300))
            nvs.set_blob("n", key, blob)
            expected[key] = blob
        if step % 250 == 0:
            nvs = NvsPartition(flash)
    nvs = NvsPartition(flash)
    found = {
        key: nvs.get_blob("n", key) if isinstance(value, bytes) else nvs.get_i32("n", key)
        for key, value in expected.items()
    }
    assert found == expected, f"seed {seed}"


def test_one_value_rewritten_for_years_never_fills_the_store(flash: Path) -> None:
    nvs = NvsPartition(flash)
    for value in range(3000):
        nvs.set_i32("davy", "session", value)
    assert NvsPartition(flash).get_i32("davy", "session") == 2999


def test_a_full_store_refuses_and_keeps_what_it_has(flash: Path) -> None:
    nvs = NvsPartition(flash)
    stored = 0
    with pytest.raises(NvsError) as refused:
        for number in range(100):
            nvs.set_blob("n", f"blob{number}", bytes([number]) * (MAX_BLOB_BYTES // 2))
            stored += 1
    assert refused.value.code == NOT_ENOUGH_SPACE
    again = NvsPartition(flash)
    assert stored >= 5
    assert [again.get_blob("n", f"blob{n}")[:1] for n in range(stored)] == [bytes([n]) for n in range(stored)]
