"""The boot loader's own rules, below what esptool shows: framing, checksums, the flash's nature, and power that goes away."""

from __future__ import annotations

import hashlib
import random
import struct
import zlib
from pathlib import Path

import pytest

from davy.board.chip_registers import KINDS
from davy.board.flash_chip import FlashChip, PowerLost
from davy.board.rom_loader import Restart, RomLoader, SetBaud, SlipReader, slip

MAC = bytes.fromhex("02da00112233")
SYNC = b"\x07\x07\x12\x20" + b"\x55" * 32


@pytest.fixture
def flash(tmp_path: Path) -> FlashChip:
    return FlashChip(tmp_path / "flash.bin")


@pytest.fixture
def loader(flash: FlashChip) -> RomLoader:
    return RomLoader(KINDS["esp32"], MAC, flash)


def request(command: int, payload: bytes = b"", checksum: int = 0) -> bytes:
    return slip(struct.pack("<BBHI", 0, command, len(payload), checksum) + payload)


def data_request(command: int, data: bytes, seq: int = 0) -> bytes:
    checksum = 0xEF
    for byte in data:
        checksum ^= byte
    return request(command, struct.pack("<IIII", len(data), seq, 0, 0) + data, checksum)


def answers(loader: RomLoader, sent: bytes) -> list[tuple[int, int, bytes]]:
    """(command, value, payload and status) of each answer."""
    out, _ = loader.feed(sent)
    return [(p[1], struct.unpack_from("<I", p, 4)[0], p[8:]) for p in SlipReader().feed(out) if p[0] == 1]


def status(loader: RomLoader, sent: bytes) -> bytes:
    return answers(loader, sent)[0][2][-4:][:2] if not loader.stub else answers(loader, sent)[0][2][-2:]


def test_sync_is_answered_eight_times_and_says_whether_the_stub_runs(loader: RomLoader) -> None:
    assert [value for _, value, _ in answers(loader, request(0x08, SYNC))] == [0x20120707] * 8
    start_stub(loader)
    assert [value for _, value, _ in answers(loader, request(0x08, SYNC))] == [0] * 8


def test_a_request_may_come_in_pieces_and_after_noise(loader: RomLoader) -> None:
    sent = b"\xff\x00noise" + request(0x0A, struct.pack("<I", 0x40001000))
    found = b"".join(loader.feed(bytes((byte,)))[0] for byte in sent)
    assert struct.unpack_from("<I", SlipReader().feed(found)[0], 4)[0] == 0x00F01D83


def test_garbage_is_never_an_exception_and_a_sync_after_it_is_answered(loader: RomLoader) -> None:
    seed = random.randrange(1 << 32)
    noise = random.Random(seed)
    for _ in range(3_000):
        loader.feed(bytes(noise.randrange(256) for _ in range(noise.randrange(40))))
        # Commands with payloads of any bytes, too.
        loader.feed(request(noise.randrange(256), noise.randbytes(noise.randrange(30)), noise.randrange(256)))
        if noise.random() < 0.02:
            start_stub(loader)
    loader.feed(b"\xc0\xc0")
    assert len(answers(loader, request(0x08, SYNC))) == 8, f"seed {seed}"


def test_data_with_a_wrong_checksum_is_refused_and_not_written(loader: RomLoader, flash: FlashChip) -> None:
    loader.feed(request(0x02, struct.pack("<IIII", 1024, 1, 1024, 0x10000)))
    bad = request(0x03, struct.pack("<IIII", 4, 0, 0, 0) + b"data", 0x00)
    assert status(loader, bad) == b"\x01\x07"
    assert flash.read(0x10000, 4) == b"\xff" * 4
    assert status(loader, data_request(0x03, b"data")) == b"\x00\x00"
    assert flash.read(0x10000, 4) == b"data"


def test_flash_only_loses_bits_until_it_is_erased(flash: FlashChip) -> None:
    flash.program(0x1000, b"\xf0")
    flash.program(0x1000, b"\x3c")
    assert flash.read(0x1000, 2) == b"\x30\xff"
    flash.erase(0x1234, 1)
    assert flash.read(0x1000, 4) == b"\xff" * 4
    with pytest.raises(ValueError, match="flash has"):
        flash.program(4 * 1024 * 1024 - 1, b"12")


def test_writing_outside_of_the_flash_is_refused(loader: RomLoader) -> None:
    assert status(loader, request(0x02, struct.pack("<IIII", 8192, 8, 1024, 0x3FF000))) == b"\x01\x06"


def test_compressed_data_is_written_as_it_was_and_bad_streams_are_refused(loader: RomLoader, flash: FlashChip) -> None:
    start_stub(loader)
    data = random.Random(1).randbytes(5_000) + bytes(20_000)
    packed = zlib.compress(data)
    loader.feed(request(0x10, struct.pack("<IIIII", len(data), 1, 0x4000, 0x20000, 0)))
    for at in range(0, len(packed), 1_000):
        assert status(loader, data_request(0x11, packed[at : at + 1_000])) == b"\x00\x00"
    assert flash.read(0x20000, len(data)) == data
    md5 = answers(loader, request(0x13, struct.pack("<IIII", 0x20000, len(data), 0, 0)))[0][2][:16]
    assert md5 == hashlib.md5(data).digest()
    loader.feed(request(0x10, struct.pack("<IIIII", len(data), 1, 0x4000, 0x20000, 0)))
    assert status(loader, data_request(0x11, b"no deflate stream")) == b"\x01\x0b"


def test_the_power_may_go_before_any_operation_and_that_one_has_not_happened(tmp_path: Path) -> None:
    left = 3

    def hook(kind: str, offset: int, length: int) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise PowerLost

    flash = FlashChip(tmp_path / "flash.bin", hook)
    loader = RomLoader(KINDS["esp32"], MAC, flash)
    start_stub(loader)
    loader.feed(request(0x02, struct.pack("<IIIII", 1024, 1, 0x4000, 0x20000, 0)))
    with pytest.raises(PowerLost):
        loader.feed(data_request(0x03, b"\x55" * 1024))
    # Erased, two pages written, the third not.
    assert flash.read(0x20000, 1024) == b"\x55" * 512 + b"\xff" * 512


def test_baud_and_restart_take_effect_after_their_answer(loader: RomLoader) -> None:
    out, effects = loader.feed(request(0x0F, struct.pack("<II", 460_800, 0)))
    assert out and effects == [SetBaud(460_800)]
    out, effects = loader.feed(request(0x04, struct.pack("<I", 0)))
    assert out and effects == [Restart()]
    assert status(loader, request(0x0F, struct.pack("<II", 5, 0))) == b"\x01\x06"


def test_what_only_the_stub_can_is_refused_by_the_rom(loader: RomLoader) -> None:
    assert status(loader, request(0xD0)) == b"\x01\x05"
    start_stub(loader)
    assert status(loader, request(0xD0)) == b"\x00\x00"


def start_stub(loader: RomLoader) -> None:
    out, _ = loader.feed(request(0x06, struct.pack("<II", 0, 0x400BE598)))
    assert b"OHAI" in out
