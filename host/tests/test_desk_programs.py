"""Real esptool and real mpremote, as processes, on a board that `davy board` started: neither knows that it is virtual."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from davy.board.flash import new_flash
from davy.flash import lines
from davy.image.boardfile import load_board
from davy.image.build import build_image
from davy.image.settings import Settings
from support.desks import Ports, board_process, program
from support.micropython_image import craft

PYTHON = sys.executable


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ports]:
    """A chip as it comes from its maker."""
    with board_process(tmp_path_factory.mktemp("bare") / "flash.bin") as ports:
        yield ports[0]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ports]:
    """A board that runs davy."""
    flash = tmp_path_factory.mktemp("running") / "flash.bin"
    new_flash(flash, build_image(load_board("virtual"), Settings.wired_only()))
    with flash.open("r+b") as file:
        file.seek(0x1000)
        image = craft(app_bytes=20_000)
        file.write(image[:0x8000])  # boot loader and table
        file.seek(0x10000)
        file.write(image[0xF000:])
    with board_process(flash) as ports:
        yield ports[0]


def esptool(ports: Ports, *words: object, options: tuple[object, ...] = ()) -> str:
    lines.into_boot_loader(ports.rfc2217)
    done = program(
        PYTHON, "-m", "esptool", "--port", ports.pty, "--baud", 460_800, "--before", "no-reset", "--after", "no-reset",
        *options, *words,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


def mpremote(ports: Ports, *words: object) -> str:
    done = program(PYTHON, "-m", "mpremote", "connect", ports.pty, *words, timeout_s=60)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_esptool_resets_the_chip_by_its_lines_and_names_it(bare: Ports) -> None:
    done = program(PYTHON, "-m", "esptool", "--port", bare.rfc2217, "--no-stub", "read-mac")
    assert done.returncode == 0, done.stdout
    for said in ("ESP32-D0WD", "Crystal frequency:  40MHz", f"MAC:                {bare.mac}"):
        assert said in done.stdout, done.stdout
    assert "Hard resetting via RTS pin" in done.stdout
    assert "flash size: 4MB" in esptool(bare, "flash-id")


@pytest.mark.parametrize("stub", [True, False], ids=["stub", "no stub"])
def test_esptool_writes_verifies_reads_back_and_the_file_is_the_flash(bare: Ports, tmp_path: Path, stub: bool) -> None:
    data = craft(app_bytes=30_000)[:70_001]
    source, back = tmp_path / "in.bin", tmp_path / "out.bin"
    source.write_bytes(data)
    options = () if stub else ("--no-stub",)
    said = esptool(bare, "write-flash", "0x20000", source, options=options)
    assert "Hash of data verified" in said
    assert bare.flash.read_bytes()[0x20000 : 0x20000 + len(data)] == data
    esptool(bare, "read-flash", "0x20000", 5_000 if not stub else len(data), back, options=options)
    assert back.read_bytes() == data[: len(back.read_bytes())] and back.stat().st_size >= 5_000
    assert "already in flash" in esptool(bare, "write-flash", "--skip-flashed", "0x20000", source)


def test_esptool_verifies_what_is_there_and_sees_a_wrong_byte(bare: Ports, tmp_path: Path) -> None:
    right, wrong = tmp_path / "right.bin", tmp_path / "wrong.bin"
    right.write_bytes(b"\x11" * 5_000)
    wrong.write_bytes(b"\x11" * 4_999 + b"\x12")
    esptool(bare, "write-flash", "0x80000", right)
    assert "digest matched" in esptool(bare, "verify-flash", "0x80000", right)
    lines.into_boot_loader(bare.rfc2217)
    words = ["--before", "no-reset", "--after", "no-reset", "verify-flash", "0x80000", wrong]
    assert program(PYTHON, "-m", "esptool", "--port", bare.pty, *words).returncode != 0


def test_esptool_erases_a_region_and_then_everything(bare: Ports, tmp_path: Path) -> None:
    source = tmp_path / "in.bin"
    source.write_bytes(b"\0" * 12_288)
    esptool(bare, "write-flash", "0x100000", source)
    esptool(bare, "erase-region", "0x101000", "0x1000")
    assert bare.flash.read_bytes()[0x100000:0x103000] == b"\0" * 4096 + b"\xff" * 4096 + b"\0" * 4096
    esptool(bare, "erase-flash")
    assert set(bare.flash.read_bytes()) == {0xFF}


def test_a_chip_of_another_kind_is_not_taken_for_an_esp32(tmp_path: Path) -> None:
    with board_process(tmp_path / "flash.bin", "--chip", "esp32s3", "--hold-boot") as (ports,):
        words = ["--chip", "esp32", "--before", "no-reset", "flash-id"]
        done = program(PYTHON, "-m", "esptool", "--port", ports.pty, *words)
        assert "This chip is ESP32-S3, not ESP32" in done.stdout


def test_a_bare_chip_says_what_a_bare_chip_says(bare: Ports) -> None:
    import serial

    esptool(bare, "erase-flash")
    with serial.serial_for_url(bare.pty, 115_200, timeout=3) as port:
        lines.into_program(bare.rfc2217)
        heard = port.read_until(b"invalid header: 0xffffffff\r\n")
    assert b"rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)" in heard


def test_mpremote_runs_a_line_and_gets_what_it_printed(running: Ports) -> None:
    assert mpremote(running, "exec", "import sys; print(6 * 7, sys.platform)") == "42 esp32\n"
    assert "Traceback" in program(PYTHON, "-m", "mpremote", "connect", running.pty, "exec", "1 / 0").stdout


def test_mpremote_lists_copies_and_reads_back(running: Ports, tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    folder.mkdir()
    content = craft(app_bytes=30_000)[:50_000]
    (folder / "a.bin").write_bytes(content)
    (folder / "b.txt").write_text("zwei\n")
    mpremote(running, "resume", "cp", "-r", folder, ":")
    assert re.search(r"50000 a\.bin", mpremote(running, "resume", "fs", "ls", ":tree"))
    mpremote(running, "resume", "cp", ":tree/a.bin", tmp_path / "back.bin")
    assert (tmp_path / "back.bin").read_bytes() == content
    assert "board.json" in mpremote(running, "fs", "ls")


def test_mpremote_mounts_a_folder_of_the_host(running: Ports, tmp_path: Path) -> None:
    (tmp_path / "greeting.py").write_text("print('from the host')\n")
    said = mpremote(running, "mount", tmp_path, "exec", "import greeting; import os; print(os.listdir('/remote'))")
    assert "from the host\n['greeting.py']" in said


def test_mpremote_edits_a_file(running: Ports, tmp_path: Path) -> None:
    editor = tmp_path / "editor.sh"
    editor.write_text('#!/bin/sh\necho changed > "$1"\n')
    editor.chmod(0o755)
    environment = {**os.environ, "EDITOR": str(editor)}
    words = [PYTHON, "-m", "mpremote", "connect", running.pty, "resume", "edit", ":note.txt"]
    subprocess.run(words, env=environment, check=True, timeout=60, capture_output=True)
    assert mpremote(running, "resume", "fs", "cat", ":note.txt") == "changed\n"


def test_ctrl_c_breaks_into_a_running_program_even_one_that_never_waits(running: Ports, tmp_path: Path) -> None:
    for source in ("import time\nwhile True:\n    time.sleep(1)\n", "while True:\n    pass\n"):
        script = tmp_path / "endless.py"
        script.write_text("print('begun')\n" + source)
        process = subprocess.Popen(
            [PYTHON, "-u", "-m", "mpremote", "connect", running.pty, "resume", "run", str(script)],
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        assert process.stdout.readline().strip() == b"begun"
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        assert mpremote(running, "resume", "exec", "print('here')") == "here\n"


def test_a_soft_reset_skips_main_and_a_hard_one_runs_it(running: Ports) -> None:
    assert mpremote(running, "exec", "import machine; print(machine.reset_cause())") == "5\n"
    mpremote(running, "soft-reset")
    lines.into_boot_loader(running.rfc2217)
    lines.into_program(running.rfc2217)
    assert "davy" not in mpremote(running, "exec", "print(1)")


def test_a_person_at_the_prompt_sees_echo_values_and_errors(running: Ports) -> None:
    mpremote(running, "soft-reset")
    with open(os.open(running.pty, os.O_RDWR | os.O_NOCTTY), "r+b", buffering=0) as port:
        port.write(b"\r\x02")
        for typed, expected in (
            (b"1 + 1\r", b"1 + 1\r\n2\r\n>>> "),
            (b"for i in range(2): print(i)\r\r", b"0\r\n1\r\n>>> "),
            (b"def f(x):\r  return x * 3\r\rf(5)\r", b"15\r\n>>> "),
            (b"1 / 0\r", b"ZeroDivisionError: divide by zero\r\n>>> "),
            (b"ab\x7f\x7f7\r", b"7\r\n>>> "),
            (b"\x05x = 4\rprint(x)\r\x04", b"4\r\n>>> "),
        ):
            port.write(typed)
            assert expected in until(port, expected), typed


def until(port: object, expected: bytes) -> bytes:
    heard = b""
    deadline = time.monotonic() + 10
    while expected not in heard and time.monotonic() < deadline:
        heard += os.read(port.fileno(), 1000)  # type: ignore[attr-defined]
    return heard


def test_the_wire_is_as_slow_as_its_rate(tmp_path: Path) -> None:
    source = tmp_path / "in.bin"
    source.write_bytes(os.urandom(23_040))  # two seconds at 115200
    with board_process(tmp_path / "flash.bin", "--baud-limit", "--hold-boot") as (ports,):
        words = ["--before", "no-reset", "--after", "no-reset", "write-flash", "0x10000", source]
        done = program(PYTHON, "-m", "esptool", "--port", ports.pty, "--baud", 115_200, *words)
    assert done.returncode == 0, done.stdout
    took = re.search(r"in ([\d.]+) seconds", done.stdout)
    # Never faster than the wire; how much slower is the machine's affair.
    assert took and float(took[1]) >= 1.9, done.stdout


def test_several_boards_have_macs_and_flashes_of_their_own(tmp_path: Path) -> None:
    with board_process(tmp_path / "b.flash", "--count", "3") as boards:
        assert len({ports.mac for ports in boards}) == len({ports.pty for ports in boards}) == 3
        assert sorted(path.name for path in tmp_path.iterdir()) == ["b-2.flash", "b-3.flash", "b.flash"]
        found: dict[str, str] = {}

        def read(ports: Ports) -> None:
            found[ports.mac] = program(PYTHON, "-m", "esptool", "--port", ports.rfc2217, "--no-stub", "read-mac").stdout

        threads = [threading.Thread(target=read, args=(ports,)) for ports in boards]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert all(f"MAC:                {mac}" in said for mac, said in found.items())


def test_mistakes_at_the_command_line_are_one_line(tmp_path: Path) -> None:
    for words, said in (
        (["--chip", "esp8266"], "--chip: 'esp8266' is not known; one of esp32, esp32s3"),
        (["--speed", "0"], "--speed: 0 will not do; a number from 0.1 to 1000"),
        (["--flash", str(tmp_path / "no" / "f.bin")], "is no folder"),
        (["--board", "toaster"], "toaster: there is no such board"),
    ):
        done = program(PYTHON, "-m", "davy", "board", *words)
        assert (done.returncode, done.stdout.count("\n")) == (2, 1), done.stdout
        assert said in done.stdout
