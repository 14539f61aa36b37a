"""A virtual board's life: flash, power, determinism, pace."""

from __future__ import annotations

import hashlib
import os
import shlex
import time
from pathlib import Path

import littlefs
import pytest

from davy.board.interpreter import micropython_command
from davy.board.nvs import NvsPartition
from davy.board.virtual import BoardCrashed
from davy.errors import InputError
from davy.image.boardfile import load_board
from davy.image.build import build_image
from davy.image.partitions import BLOCK_BYTES, TABLE_OFFSET, VFS
from davy.image.settings import Settings
from support.bench_board import bench_board

COUNT_BOOTS = """
import esp32
nvs = esp32.NVS("test")
try:
    boots = nvs.get_i32("boots")
except OSError:
    boots = 0
nvs.set_i32("boots", boots + 1)
nvs.commit()
with open("/log.txt", "a") as log:
    log.write("%d;" % boots)
print("boot", boots, open("/log.txt").read())
"""


def test_what_firmware_writes_survives_a_power_cut_in_the_flash_file(tmp_path: Path) -> None:
    bench = bench_board(tmp_path, COUNT_BOOTS)
    with bench.board as board:
        for _ in range(3):
            board.power_on()
            board.run_for(1)
            board.power_cut()
            board.run_for(1)
    assert bench.console() == ["boot 0 0;", "boot 1 0;1;", "boot 2 0;1;2;"]
    flash = tmp_path / "flash-1.bin"
    assert NvsPartition(flash).get_i32("test", "boots") == 3
    context = littlefs.LittleFS(block_size=BLOCK_BYTES, block_count=VFS.length // BLOCK_BYTES, mount=False)
    context.context.buffer[:] = flash.read_bytes()[VFS.offset : VFS.end]
    context.mount()
    with context.open("log.txt", "rb") as file:
        assert file.read() == b"0;1;2;"


def test_the_board_boots_the_very_bytes_of_the_image(tmp_path: Path) -> None:
    bench = bench_board(tmp_path, "print('up')", powered=False)
    image = build_image(load_board("virtual"), Settings.reporting_off(), tmp_path / "firmware")
    flash = (tmp_path / "flash-1.bin").read_bytes()
    bench.board.close()
    assert flash[VFS.offset : VFS.end] == image.littlefs
    assert flash[TABLE_OFFSET : TABLE_OFFSET + 2] == b"\xaa\x50"


def test_the_same_input_gives_the_same_image_and_another_gives_another(tmp_path: Path) -> None:
    spec = load_board("virtual")
    one, two = build_image(spec, Settings()), build_image(spec, Settings())
    assert hashlib.sha256(one.littlefs).digest() == hashlib.sha256(two.littlefs).digest()
    other = build_image(spec, Settings(identifier="88.118.8/GA26000002"))
    assert other.littlefs != one.littlefs
    assert other.sha256 == one.sha256, "the settings are the unit's, not the build's"


def test_firmware_that_does_not_compile_is_one_line_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("import broken\n")
    (tmp_path / "broken.py").write_text("def f(:\n")
    with pytest.raises(InputError, match=r"firmware/broken\.py.*line 1"):
        build_image(load_board("virtual"), Settings(), tmp_path)


DICE = """
import os, time
from machine import ADC, Pin, Timer
adc = ADC(Pin(34), atten=ADC.ATTN_11DB)
Timer(0).init(period=100, mode=Timer.PERIODIC, callback=lambda t: print(time.ticks_ms(), adc.read_uv()))
"""


def test_the_same_seed_gives_the_same_run_however_it_is_cut_into_pieces(tmp_path: Path) -> None:
    runs = []
    for pieces in (1, 7):
        bench = bench_board(tmp_path, DICE, seed=5)
        with bench.board as board:
            for piece in range(pieces):
                board.run_until(140_000 * (piece + 1) // pieces)
        runs.append(bench.events)
    assert runs[0] == runs[1]
    other = bench_board(tmp_path, DICE, seed=6)
    with other.board as board:
        board.run_until(140_000)
    assert other.events != runs[0]


def test_real_time_keeps_step_with_the_wall_clock(tmp_path: Path) -> None:
    bench = bench_board(tmp_path, DICE, speed=20.0)
    began = time.monotonic()
    with bench.board as board:
        board.run_until(10_000)
    # It may be late on a busy machine, but never ahead of the clock.
    assert time.monotonic() - began >= 10 / 20
    assert 80 <= len([line for line in bench.console() if line[0].isdigit()]) <= 96


def test_a_killed_process_is_a_crash_and_not_a_result(tmp_path: Path) -> None:
    bench = bench_board(tmp_path, DICE)
    with bench.board as board:
        board.run_for(1)
        assert board.pid is not None
        os.kill(board.pid, 9)
        with pytest.raises(BoardCrashed):
            board.run_for(10)


def test_davy_micropython_names_another_binary_or_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAVY_MICROPYTHON", str(tmp_path / "missing"))
    with pytest.raises(InputError, match="DAVY_MICROPYTHON"), bench_board(tmp_path, "print(1)").board as board:
        board.run_for(1)


def test_davy_micropython_runs_the_named_binary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = micropython_command("1M")[:-2]
    named = tmp_path / "my-micropython"
    named.write_text('#!/bin/sh\necho "$@" > ' + str(tmp_path / "called") + "\nexec " + shlex.join(program) + ' "$@"\n')
    named.chmod(0o755)
    monkeypatch.setenv("DAVY_MICROPYTHON", str(named))
    bench = bench_board(tmp_path, "print('up')")
    with bench.board as board:
        board.run_for(1)
    assert bench.console() == ["up"]
    assert "-X heapsize=" in (tmp_path / "called").read_text()


def test_the_heap_is_bounded_as_on_the_chip(tmp_path: Path) -> None:
    hungry = "kept = []\ntry:\n    while True:\n        kept.append(bytearray(1024))\nexcept MemoryError:\n    print(len(kept))\n"
    bench = bench_board(tmp_path, hungry)
    with bench.board as board:
        board.run_for(1)
    assert 100 < int(bench.console()[0]) < 256
