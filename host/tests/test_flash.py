"""`davy flash` as a process, with real esptool, on boards of a desk: what it writes, what it keeps, what it refuses."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from davy import codec
from davy.flash import lines
from davy.flash.check import ask_state
from davy.flash.unit_line import UnitLine
from davy.image.boardfile import load_board
from davy.image.partitions import NVS, VFS
from davy.image.release import build_release, load_release, write_release
from support.desks import Ports, RunningDesk, board_process, davy, program, running_desk
from support.makers import BOARD, QUICK, Shop, flash, make_shop, newer_release, ports_of, result

SPEED = ("--speed", 60)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return make_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Ports]:
    with board_process(tmp_path / "flash.bin", "--board", BOARD, *SPEED) as ports:
        yield ports[0]


def test_a_bare_chip_becomes_a_unit_and_a_second_run_writes_nothing(board: Ports, shop: Shop) -> None:
    status, events = flash(board, "--image", shop.release, "--unit", shop.unit("GA1"))
    record = result(events)["record"]
    assert (status, record["identifier"], record["self_test"]) == (
        0, "88.118.8/GA1", {"result": "passed", "failed": []},
    ), result(events)  # fmt: skip
    assert record["mac"] == board.mac
    assert record["state"]["faults"] == 0
    steps = list(dict.fromkeys(event["step"] for event in events if event["event"] == "step"))
    assert steps[0] == "connect" and steps[-3:] == ["reset", "hello", "self_test"]
    fractions = [e["fraction"] for e in events if e.get("step") == "write" and e["fraction"] is not None]
    assert fractions == sorted(fractions)

    status, events = flash(board, "--image", shop.release, "--unit", shop.unit("GA1"), QUICK)
    assert (status, result(events)["record"]["written_bytes"]) == (0, 0), result(events)


def test_an_update_writes_the_program_alone_and_keeps_identity_and_what_the_unit_has_counted(
    board: Ports, shop: Shop, tmp_path: Path
) -> None:
    assert flash(board, "--image", shop.release, "--unit", shop.unit("GA1"), QUICK)[0] == 0
    nvs = board.flash.read_bytes()[NVS.offset : NVS.end]
    newer = newer_release(shop, tmp_path)
    status, events = flash(board, "--image", newer, QUICK)
    record = result(events)["record"]
    assert (status, record["identifier"]) == (0, "88.118.8/GA1"), result(events)
    assert record["image_sha256"] == load_release(newer).image_sha256
    whole = sum(part.size for part in load_release(newer).parts)
    assert 0 < record["written_bytes"] < whole / 2
    kept = board.flash.read_bytes()[NVS.offset : NVS.end]
    assert b'"identifier": "88.118.8/GA1"' in kept and kept[:32] == nvs[:32]


def test_check_writes_nothing_and_tells_what_is_not_as_it_should_be(board: Ports, shop: Shop, tmp_path: Path) -> None:
    assert flash(board, "--image", shop.release, "--unit", shop.unit("GA1"), QUICK)[0] == 0
    status, events = flash(board, "--check", "--image", shop.release, "--unit", shop.unit("GA1"))
    assert (status, result(events)["record"]["self_test"]["result"]) == (0, "passed"), result(events)
    newer = newer_release(shop, tmp_path)
    old, new = load_release(shop.release).image_sha256[:16], load_release(newer).image_sha256[:16]
    status, events = flash(board, "--check", "--image", newer, "--unit", shop.unit("GA2"))
    assert status == 1
    assert result(events)["text"] == f"image is '{old}', not '{new}'; identifier is '88.118.8/GA1', not '88.118.8/GA2'"


def test_a_unit_does_not_become_another_one_by_mistake(board: Ports, shop: Shop) -> None:
    assert flash(board, "--image", shop.release, "--unit", shop.unit("GA1"), QUICK)[0] == 0
    status, events = flash(board, "--image", shop.release, "--unit", shop.unit("GA2"), QUICK)
    assert status == 2 and "is 88.118.8/GA1 already, not 88.118.8/GA2" in result(events)["text"]
    # Also when its program is gone and only the flash can tell.
    lines.into_boot_loader(board.rfc2217)
    words = ["--before", "no-reset", "--after", "no-reset"]
    erased = program(
        sys.executable, "-m", "esptool", "--port", board.pty, *words, "erase-region", hex(VFS.offset), "0x2000"
    )
    assert erased.returncode == 0, erased.stdout
    status, events = flash(board, "--image", shop.release, "--unit", shop.unit("GA2"), QUICK)
    assert status == 2 and "is 88.118.8/GA1 already" in result(events)["text"]
    status, events = flash(board, "--image", shop.release, "--unit", shop.unit("GA2"), "--reprovision", QUICK)
    assert (status, result(events)["record"]["identifier"]) == (0, "88.118.8/GA2"), result(events)


def test_a_unit_that_fails_its_test_says_what_failed(tmp_path: Path, shop: Shop) -> None:
    uncalibrated = tmp_path / "units"
    words = ["--ca", shop.folder / "ca", "--serial", "GA3", "--board", "devkit_ze07", "-o", uncalibrated]
    assert davy("unit", "new", *words).returncode == 0
    with board_process(tmp_path / "flash.bin", "--board", BOARD, *SPEED) as (ports,):
        status, events = flash(ports, "--image", shop.release, "--unit", uncalibrated / "GA3")
    assert (status, result(events)["verdict"]) == (1, "fail")
    assert result(events)["text"] == "self-test failed: methane"
    assert result(events)["record"]["self_test"] == {"result": "failed", "failed": ["methane"]}


def test_another_chip_is_refused_and_nothing_is_written(tmp_path: Path, shop: Shop) -> None:
    path = tmp_path / "flash.bin"
    with board_process(path, "--chip", "esp32s3") as (ports,):
        before = path.read_bytes()
        status, events = flash(ports, "--image", shop.release, "--unit", shop.unit("GA1"), QUICK)
        assert path.read_bytes() == before
    assert (status, "has an ESP32-S3, and the image is for an ESP32" in result(events)["text"]) == (2, True)


def test_without_micropython_a_bare_chip_gets_a_clear_word(board: Ports, tmp_path: Path) -> None:
    release = tmp_path / "application"
    write_release(build_release(load_board("devkit_ze07")), release)
    status, events = flash(board, "--image", release, QUICK)
    assert status == 2
    assert "the chip holds no MicroPython" in result(events)["text"]


@pytest.mark.parametrize("damage", ["truncated", "swapped", "tampered"])
def test_an_image_that_is_not_what_was_made_never_reaches_a_board(tmp_path: Path, shop: Shop, damage: str) -> None:
    folder = tmp_path / "release"
    shutil.copytree(shop.release, folder)
    first, second = folder / "bootloader.bin", folder / "micropython.bin"
    if damage == "truncated":
        second.write_bytes(second.read_bytes()[:-100])
    elif damage == "swapped":
        held = first.read_bytes()
        first.write_bytes(second.read_bytes())
        second.write_bytes(held)
    else:
        data = bytearray(second.read_bytes())
        data[1000] ^= 1
        second.write_bytes(data)
    done = davy("flash", "--port", "/dev/does-not-matter", "--image", folder)
    assert done.returncode == 2 and done.stdout.count("\n") == 1, done.stdout
    assert "make the image again with davy image" in done.stdout


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--port", "/dev/ttyUSB99", "--board", "devkit_mq"], 3, "/dev/ttyUSB99: cannot be opened"),
        (["--port", "/dev/ttyUSB99"], 2, "--board or --image: one of them is needed"),
        (["--port", "x", "--board", "devkit_mq", "--baud", "7"], 2, "--baud: 7 will not do"),
        (["--port", "x", "--board", "devkit_mq", "--micropython", "/no/file.bin"], 2, "/no/file.bin"),
        (["--port", "x", "--board", "devkit_mq", "--unit", "/no/unit"], 2, "a folder that davy unit new made"),
        (["--port", "x", "--probe", "--baud", "5"], 2, "--baud"),
    ],
)
def test_mistakes_get_one_line_and_their_status(words: list[str], status: int, said: str) -> None:
    done = davy("flash", *words)
    errors = [line for line in done.stdout.splitlines() if line.startswith("davy: ")]
    assert (done.returncode, len(errors)) == (status, 1), done.stdout
    assert said in errors[0] and "Traceback" not in done.stdout


def test_a_board_that_answers_garbage_is_no_boot_loader(tmp_path: Path, shop: Shop) -> None:
    with running_desk(tmp_path / "flash.bin") as desk:
        garble(desk)
        status, events = flash(ports_of(desk), "--image", shop.release, QUICK)
    assert status == 3 and "no boot loader answers" in result(events)["text"], result(events)


def test_a_board_that_was_swapped_is_refused_before_anything_is_written(board: Ports, shop: Shop) -> None:
    before = board.flash.read_bytes()
    words = ["--image", shop.release, "--unit", shop.unit("GA1"), QUICK]
    status, events = flash(board, *words, "--expect-mac", "24:0a:c4:00:00:01")
    assert status == 2 and f"holds the chip {board.mac}, not 24:0a:c4:00:00:01" in result(events)["text"]
    assert board.flash.read_bytes() == before
    told = [event["event"] for event in events]
    assert told.index("unit") < told.index("result")
    assert flash(board, *words, "--expect-mac", board.mac)[0] == 0


def test_a_swapped_board_is_seen_also_when_nothing_had_to_be_written(board: Ports, shop: Shop, tmp_path: Path) -> None:
    assert flash(board, "--image", shop.release, "--unit", shop.unit("GA1"), QUICK)[0] == 0
    application = tmp_path / "application"
    write_release(build_release(load_board(BOARD)), application)
    status, events = flash(board, "--image", application, QUICK, "--expect-mac", "24:0a:c4:00:00:01")
    assert status == 1 and result(events)["record"]["written_bytes"] == 0
    assert result(events)["text"] == f"chip is '{board.mac}', not '24:0a:c4:00:00:01'"
    assert flash(board, "--image", application, QUICK, "--expect-mac", board.mac)[0] == 0


def test_a_unit_of_another_board_is_refused(shop: Shop, tmp_path: Path) -> None:
    release = tmp_path / "virtual"
    write_release(build_release(load_board("virtual")), release)
    done = davy("flash", "--port", "/dev/does-not-matter", "--image", release, "--unit", shop.unit("GA1"))
    assert done.returncode == 2 and done.stdout.count("\n") == 1, done.stdout
    assert f"is a unit of board {BOARD}, and the image is for virtual" in done.stdout


def test_a_unit_proves_who_it_is_and_a_copy_of_its_label_cannot(board: Ports, shop: Shop, tmp_path: Path) -> None:
    def prove(*words: object, ca: Path = shop.folder / "ca") -> tuple[int, str]:
        done = davy("unit", "prove", "--port", board.pty, "--ca", ca, *words)
        return done.returncode, done.stdout

    # Somebody who has read the label can make a unit of that name, with another maker's secret.
    assert davy("ca", "init", tmp_path / "forger").returncode == 0
    words = ["--ca", tmp_path / "forger", "--serial", "GA1", "--board", BOARD, "-o", tmp_path / "forged"]
    assert davy("unit", "new", *words).returncode == 0
    assert flash(board, "--image", shop.release, "--unit", tmp_path / "forged" / "GA1", QUICK)[0] == 0
    assert prove(ca=tmp_path / "forger")[0] == 0
    status, said = prove("--unit", shop.unit("GA1"))
    assert status == 1 and "its proof is not that of the unit that was made" in said, said

    assert flash(board, "--image", shop.release, "--unit", shop.unit("GA1"), "--reprovision", QUICK)[0] == 0
    status, said = prove("--unit", shop.unit("GA1"))
    assert status == 0 and said.startswith("PASS: it is 88.118.8/GA1, certificate "), said
    assert prove("--unit", shop.unit("GA2"))[1] == "FAIL: it says that it is 88.118.8/GA1, not 88.118.8/GA2\n"


def test_a_program_that_has_lost_a_byte_is_written_again(tmp_path: Path, shop: Shop) -> None:
    path = tmp_path / "flash.bin"
    words = ["--board", BOARD, *SPEED]
    with board_process(path, *words) as (ports,):
        assert flash(ports, "--image", shop.release, "--unit", shop.unit("GA1"), QUICK)[0] == 0
    # In a comment, so that it runs as before: only the check of the program's files can see it.
    spoil(path, b"# Runs first. Outputs to their safe level")
    with board_process(path, *words) as (ports,):
        wait_for_fault(ports, codec.Fault.IMAGE)
        status, events = flash(ports, "--image", shop.release, QUICK)
        assert status == 0 and result(events)["record"]["written_bytes"] > 0, result(events)
        assert result(events)["record"]["identifier"] == "88.118.8/GA1"
        status, events = flash(ports, "--image", shop.release, QUICK)
        assert result(events)["record"]["written_bytes"] == 0


def spoil(path: Path, content: bytes) -> None:
    """Change a letter of it, wherever it stands in the flash."""
    data = path.read_bytes()
    changed = data.replace(content, content[:-2] + b"z" + content[-1:])
    assert changed != data
    path.write_bytes(changed)


def wait_for_fault(ports: Ports, fault: codec.Fault) -> None:
    with UnitLine(ports.pty) as line:
        for _ in range(30):
            state = ask_state(line)
            if state is not None and state.faults >> fault & 1:
                return
    raise AssertionError(f"the unit does not see {fault.name}")


def test_a_chip_with_another_size_of_flash_is_refused(
    tmp_path: Path, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("davy.board.chip_registers.JEDEC_ID", 0x1740C8)
    with running_desk(tmp_path / "flash.bin") as desk:
        status, events = flash(ports_of(desk), "--image", shop.release, QUICK)
    assert status == 2 and "its flash has 8 MB; a board with 4 MB" in result(events)["text"], result(events)
    assert set((tmp_path / "flash.bin").read_bytes()) == {0xFF}


def test_probe_reads_chip_and_mac_and_changes_nothing(board: Ports) -> None:
    before = board.flash.read_bytes()
    status, events = flash(board, "--probe")
    assert status == 0, result(events)
    assert (status, result(events)["record"]) == (0, {"mac": board.mac, "chip": "ESP32", "flash_mb": 4})
    assert board.flash.read_bytes() == before


def garble(running: RunningDesk) -> None:
    """Everything that the chip says is turned around."""
    put = running.desk.to_host.put

    def turned(data: bytes, sent_baud: int, heard_baud: int, now_s: float) -> None:
        put(bytes(byte ^ 0x5A for byte in data), sent_baud, heard_baud, now_s)

    running.desk.to_host.put = turned  # type: ignore[method-assign]
