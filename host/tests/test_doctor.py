"""`davy doctor` on desks where something is wrong: it names it, and what to do next."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from davy.flash import doctor as look
from support.desks import Ports, board_process, davy, program
from support.makers import QUICK, Shop, flash, make_shop
from support.micropython_image import craft

FOUND = ("--board", "devkit_ze07")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return make_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ports]:
    with board_process(tmp_path_factory.mktemp("bare") / "flash.bin") as ports:
        yield ports[0]


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory, shop: Shop) -> Iterator[Ports]:
    """A board that runs davy as GA1."""
    path = tmp_path_factory.mktemp("unit") / "flash.bin"
    with board_process(path, "--board", "devkit_ze07", "--speed", 60) as ports:
        status, events = flash(ports[0], "--image", shop.release, "--unit", shop.unit("GA1"), QUICK)
        assert status == 0, events[-1]
        yield ports[0]


def doctor(*words: object) -> tuple[int, str]:
    done = davy("doctor", *FOUND, *words)
    assert "Traceback" not in done.stdout
    return done.returncode, done.stdout


def test_a_unit_that_runs_says_who_it_is(unit: Ports) -> None:
    status, said = doctor("--port", unit.pty)
    assert status == 0 and f"ok {unit.pty}: davy 0.1.0 answers: 88.118.8/GA1" in said, said


def test_a_bare_chip_is_found_by_its_boot_loader(bare: Ports) -> None:
    status, said = doctor("--port", bare.pty, "--lines", bare.rfc2217)
    assert status == 0 and f"the boot loader of an ESP32 answers, MAC {bare.mac}, 4 MB of flash" in said, said


def test_without_an_answer_it_says_which_pins_to_hold(bare: Ports) -> None:
    status, said = doctor("--port", bare.pty)
    assert status == 3 and "hold BOOT (IO0 to ground), press and let go EN, let go BOOT" in said, said


def test_a_console_at_another_rate_is_told_with_the_right_one(unit: Ports) -> None:
    status, said = doctor("--port", unit.pty, "--baud", 9_600)
    assert status == 3 and "nothing can be understood at 9600 baud, but at 115200; use --baud 115200" in said, said


def test_who_holds_the_port_is_named(unit: Ports) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", f"import serial; s = serial.Serial({unit.pty!r}); print('open', flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == b"open\n"
        status, said = doctor("--port", unit.pty)
    finally:
        holder.communicate(b"\n", timeout=20)
    assert status == 3 and "is held by another program" in said and f"(process {holder.pid})" in said, said


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open every port")
def test_without_permission_the_group_is_named_for_real(unit: Ports) -> None:
    os.chmod(unit.pty, 0)
    try:
        assert "no permission: it belongs to the group" in doctor("--port", unit.pty)[1]
    finally:
        os.chmod(unit.pty, 0o620)


def test_without_permission_the_group_is_named(unit: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
    # Root may open everything, so the question itself is answered with no.
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    (found,) = look.look_at_port(unit.pty, 115_200)
    assert found.level == look.TROUBLE
    assert found.text.startswith("no permission: it belongs to the group ") and "usermod -aG" in found.next_step


def test_no_port_and_what_is_no_port(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for port, said in (
        ("/dev/ttyUSB77", "there is no such port"),
        ("/dev/null", "is no serial port"),
        (str(tmp_path / "file"), "is no serial port"),
        ("rfc2217://127.0.0.1:1", "cannot be opened"),
    ):
        status, text = doctor("--port", port)
        assert status == 3 and said in text, text


def test_the_micropython_file_is_judged(tmp_path: Path) -> None:
    good, wrong, page = tmp_path / "good.bin", tmp_path / "s3.bin", tmp_path / "page.bin"
    good.write_bytes(craft(app_bytes=20_000))
    wrong.write_bytes(craft(mcu="esp32s3", app_bytes=20_000))
    page.write_text("<!doctype html><html></html>")
    assert "ok MicroPython file: v1.29.0 for the ESP32" in doctor("--micropython", good)[1]
    status, said = doctor("--micropython", wrong)
    assert status == 3 and "is for the ESP32-S3" in said, said
    assert "is a web page" in doctor("--micropython", page)[1]
    status, said = doctor()
    assert status == 0 and "-- MicroPython file: none was named" in said, said


def test_the_ports_of_this_machine_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Plugged:
        device, description, vid, location = "/dev/ttyUSB3", "CP2102N", 0x10C4, "1-1.4"

        def __lt__(self, other: object) -> bool:
            return False

    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: [Plugged()])
    (found,) = look.list_serial_ports()
    assert (found.what, found.text) == ("/dev/ttyUSB3", "CP2102N, at USB 1-1.4")
    assert look.look_at_port("/dev/ttyUSB4", 115_200)[0].next_step == "there is /dev/ttyUSB3"


def test_a_wrong_rate_is_one_line() -> None:
    done = program(sys.executable, "-m", "davy", "doctor", "--baud", "1")
    assert (done.returncode, done.stdout.count("\n")) == (2, 1)
