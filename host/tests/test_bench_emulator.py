"""The process behind `davy bench emulate`: lines and control port over TCP, and what a client in lock-step may rely on."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from davy import codec
from davy.bench.emulation.emulated import EmulatedBench, EmulatedSpec
from davy.bench.emulator import Emulator
from davy.bench.emulator_process import EmulatorProcess
from davy.bench.errors import BenchError
from davy.bench.lines import CobsFrames
from davy.bench.remote import RemoteBench
from davy.bench.remote_parts import RemoteClimate, RemoteProgrammer, RemoteStorage
from davy.bench.rig import Edge
from davy.bench.serial_rig import SerialRig
from davy.image.boardfile import load_board
from davy.image.build import Image, build_image
from davy.image.partitions import VFS
from davy.image.settings import Settings
from support.waiting import until

_DEADLINE_S = 30.0


@pytest.fixture(scope="module")
def image() -> Image:
    return build_image(load_board("virtual"), Settings(wifi=None, broker=None))


@contextlib.contextmanager
def served(folder: Path, made_of: EmulatedSpec, speed: float | None = None) -> Iterator[Emulator]:
    """An emulator in a thread of this process, which spares a start; what a process of its own adds has tests of its own."""
    folder.mkdir(exist_ok=True)
    emulator = Emulator(EmulatedBench(made_of, folder), speed=speed)
    thread = threading.Thread(target=emulator.serve)
    thread.start()
    try:
        yield emulator
    finally:
        emulator.stop()
        thread.join(_DEADLINE_S)
        emulator.close()


@pytest.fixture
def emulator(tmp_path: Path, image: Image) -> Iterator[Emulator]:
    with served(tmp_path, EmulatedSpec(seed=4, image=image)) as emulator:
        yield emulator


def connect(served: Emulator | EmulatorProcess) -> RemoteBench:
    return RemoteBench(f"127.0.0.1:{served.addresses.control}", who="the test")


def rig_of(bench: RemoteBench) -> SerialRig:
    return SerialRig(bench.rig, bench.clock, bench.wiring, session=9)


def refuses(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1.0).close()
    except OSError:
        return True
    return False


def hello(bench: RemoteBench) -> codec.Hello | None:
    """What the device says on its wired line when it is asked who it is, within three virtual seconds."""
    line = CobsFrames(bench.wired)
    line.send(codec.encode_frame(b"davybnch", 0, 1, 0, codec.Query(bytes(8), codec.QueryKind.HELLO)))
    bench.clock.wait(3.0)
    found = [frame.message for frame in line.frames() if isinstance(frame.message, codec.Hello)]
    return found[0] if found else None


def _course(process: Emulator | EmulatorProcess) -> tuple[list[Edge], bytes, bytes]:
    with connect(process) as bench:
        rig = rig_of(bench)
        for output in ("methane_uv", "co_uv"):
            rig.set(output, 500_000)
        bench.clock.wait(185.0)
        rig.set("button", 1, 300)
        bench.clock.wait(2.0)
        leaks_ms = rig.set("methane_uv", 2_000_000)
        bench.clock.wait(15.0)
        edges = rig.edges(0)
        assert [edge.line for edge in edges if edge.t_ms > leaks_ms and edge.line in ("coil", "contact")] == [
            "coil", "contact",
        ]  # fmt: skip
        return edges, bench.wired.read(), bench.console.read()


def test_a_client_in_lock_step_sees_the_same_run_every_time(tmp_path: Path, image: Image) -> None:
    made_of = EmulatedSpec(seed=4, image=image)
    with EmulatorProcess(made_of) as process, served(tmp_path, made_of) as emulator:
        courses = [_course(process), _course(emulator)]
    assert len(courses[0][0]) > 5
    assert len(courses[0][1]) > 1_000
    assert courses[0] == courses[1]


def test_a_bench_stays_as_it_is_when_its_client_goes_and_serves_the_next(emulator: Emulator) -> None:
    with connect(emulator) as first:
        first.clock.wait(5.0)
        rig_of(first).set("co_uv", 700_000)
        left_ms = first.now_ms
    with connect(emulator) as second:
        assert second.now_ms == left_ms
        assert SerialRig(second.rig, second.clock, second.wiring, session=10).reading("co_loop_uv") == 700_000


def test_a_second_client_is_told_who_has_the_bench(emulator: Emulator) -> None:
    with connect(emulator), pytest.raises(BenchError, match="held by the test"):
        connect(emulator)


def test_a_line_that_is_unplugged_is_gone_and_comes_back_at_its_port(emulator: Emulator) -> None:
    with connect(emulator) as bench:
        rig = rig_of(bench)
        rig.about()
        bench.ask({"do": "unplug", "what": "rig"})
        with pytest.raises(BenchError) as gone:
            rig.about()
        assert gone.value.cause == "rig"
        assert refuses(emulator.addresses.rig)
        bench.ask({"do": "plug", "what": "rig"})
        bench.rig.reopen()
        assert rig_of(bench).about().wiring == "rig_esp32"


def test_requests_that_come_in_one_piece_are_answered_in_their_order(emulator: Emulator) -> None:
    with socket.create_connection(("127.0.0.1", emulator.addresses.control), _DEADLINE_S) as client:
        client.sendall(b'{"do": "run", "ms": 5}\n{"do": "dance"}\n{"do": "run", "ms": 7}\n{"do": "hello"}\n')
        reader = client.makefile("rb")
        answers = [json.loads(reader.readline()) for _ in range(4)]
    assert [answer.get("now_ms") for answer in answers] == [1_005, None, 1_012, 1_012]


def test_a_dead_device_says_nothing_and_a_revived_one_answers(emulator: Emulator) -> None:
    with connect(emulator) as bench:
        rig = rig_of(bench)
        assert hello(bench) is not None
        bench.ask({"do": "kill", "what": "device"})
        rig.set("power", 0)
        rig.set("power", 1)
        assert hello(bench) is None
        bench.ask({"do": "revive", "what": "device"})
        bench.clock.wait(1.0)
        assert hello(bench) is not None


def test_a_dead_rig_is_a_bench_error_and_so_is_one_that_restarted(emulator: Emulator) -> None:
    with connect(emulator) as bench:
        rig = rig_of(bench)
        rig.about()
        bench.ask({"do": "restart"})
        bench.clock.wait(2.0)
        with pytest.raises(BenchError, match="restarted"):
            rig.about()
        bench.ask({"do": "kill", "what": "rig"})
        with pytest.raises(BenchError, match="does not answer"):
            rig_of(bench).about()


def test_a_dac_that_is_off_or_silent_shows_in_the_loop_back(emulator: Emulator) -> None:
    with connect(emulator) as bench:
        rig = rig_of(bench)
        bench.ask({"do": "part", "what": "dac", "reference_uv": 1_900_000})
        rig.set("methane_uv", 1_000_000)
        assert rig.reading("methane_loop_uv") == 928_000
        bench.ask({"do": "part", "what": "dac", "silent": True})
        with pytest.raises(BenchError, match="DAC"):
            rig.set("methane_uv", 1_000_000)


def test_a_program_is_put_on_the_device_and_its_flash_is_filled_and_emptied(emulator: Emulator, image: Image) -> None:
    with connect(emulator) as bench:
        other = build_image(load_board("virtual"), Settings(wifi=None, broker=None, serial_state_ms=250))
        assert other.littlefs != image.littlefs
        bench.flash(other)
        bench.clock.wait(1.0)
        first = hello(bench)
        assert first is not None
        assert first.image_hash.hex() in other.sha256
        written = bench.ask({"do": "fill_flash"})["bytes"]
        assert VFS.length // 2 < written < VFS.length
        bench.clock.wait(1.0)
        assert hello(bench) is not None
        assert bench.ask({"do": "fill_flash"})["bytes"] < 4_096
        bench.empty_flash()
        assert bench.ask({"do": "fill_flash"})["bytes"] > VFS.length // 2


def test_programmer_and_storage_leave_the_device_without_power(emulator: Emulator, image: Image) -> None:
    with connect(emulator) as bench:
        rig = rig_of(bench)
        programmer, storage = RemoteProgrammer(bench, rig), RemoteStorage(bench, rig)
        acts: list[Callable[[], None]] = [
            lambda: programmer.write(image, None, lambda: None),
            storage.fill,
            storage.empty,
        ]
        for act in acts:
            rig.set("power", 1)
            act()
            bench.clock.wait(2.0)
            assert rig.level("power") == 0
        assert programmer.program() == image.sha256


def test_the_air_around_the_device_and_a_fault_of_its_part_are_the_clients(emulator: Emulator) -> None:
    with connect(emulator) as bench:
        climate = RemoteClimate(bench)
        climate.set(31.5, 40.0)
        bench.clock.wait(30.0)
        states = [frame.message for frame in CobsFrames(bench.wired).frames() if isinstance(frame.message, codec.State)]
        assert (states[-1].temperature_cdegc, states[-1].humidity_permille) == (3_150, 400)
        climate.fault("silent")
        bench.clock.wait(60.0)
        states = [frame.message for frame in CobsFrames(bench.wired).frames() if isinstance(frame.message, codec.State)]
        assert states[-1].temperature_cdegc is None


WRONG = [
    (b"\xff\xfe", "no JSON"),
    (b"[1]", '"do"'),
    (b'{"do": 1}', '"do"'),
    (b'{"do": "dance"}', "unknown request 'dance'"),
    (b'{"do": "run"}', "'ms' is 0..86400000"),
    (b'{"do": "run", "ms": -1}', "'ms' is 0..86400000"),
    (b'{"do": "run", "ms": true}', "'ms' is 0..86400000"),
    (b'{"do": "run", "ms": 1, "sent": {"radio": 1}}', '"sent" counts bytes'),
    (b'{"do": "flash"}', "no deflated base64"),
    (b'{"do": "flash", "image": "eJwDAAAAAAE="}', "a file system has 2097152 bytes"),
    (b'{"do": "wifi", "up": 1}', "'up' is true or false"),
    (b'{"do": "hosts", "hosts": {"a": ["b"]}}', '"hosts" maps names'),
    (b'{"do": "hosts", "hosts": {"a": ["127.0.0.1", 0]}}', '"hosts" maps names'),
    (b'{"do": "clock_jump", "seconds": "1"}', "'seconds' is"),
    (b'{"do": "unplug", "what": "console2"}', "'what' is one of rig, wired, console"),
    (b'{"do": "kill", "what": "host"}', "'what' is one of rig, device"),
    (b'{"do": "climate", "fault": "wet"}', '"fault" is null'),
    (b"[" * 100_000, "no JSON"),
]


def test_what_cannot_be_done_is_answered_with_its_reason_and_the_connection_stays(emulator: Emulator) -> None:
    with socket.create_connection(("127.0.0.1", emulator.addresses.control), _DEADLINE_S) as client:
        reader = client.makefile("rb")
        for request, reason in WRONG:
            client.sendall(request + b"\n")
            answer = json.loads(reader.readline())
            assert reason in answer.get("error", answer), request[:80]
        client.sendall(b'{"do": "run", "ms": 250}\n')
        assert json.loads(reader.readline())["now_ms"] == 1_250


def test_a_request_without_an_end_is_cut_off_and_the_next_client_is_served(emulator: Emulator) -> None:
    client = socket.create_connection(("127.0.0.1", emulator.addresses.control), _DEADLINE_S)
    with client, pytest.raises(OSError):
        for _ in range(1_000):
            client.sendall(b"x" * 65_536)
    with connect(emulator) as bench:
        assert bench.now_ms == 1_000


def test_free_running_it_follows_the_wall_clock_without_being_asked(tmp_path: Path, image: Image) -> None:
    with served(tmp_path, EmulatedSpec(seed=4, image=image), speed=100.0) as emulator, connect(emulator) as bench:
        assert bench.about["speed"] == 100.0

        def passed() -> bool:
            bench.ask({"do": "hello"})
            return bench.now_ms > 3_000

        until(passed, "3 virtual seconds have passed")
        before_ms = bench.now_ms
        bench.clock.wait(2.0)
        assert bench.now_ms >= before_ms + 2_000
        assert rig_of(bench).about().kind == "serial"


def test_its_flash_outlives_a_bench_that_keeps_it_in_a_file(tmp_path: Path, image: Image) -> None:
    spec = EmulatedSpec(seed=4, image=image, flash=tmp_path / "device.bin")
    for expected in (True, False):
        with served(tmp_path / "bench", spec) as emulator, connect(emulator) as bench:
            found = bench.ask({"do": "fill_flash"})["bytes"] > VFS.length // 2
        assert found is expected


_PARENT = """
import sys
from davy.bench.emulation.emulated import EmulatedSpec
from davy.bench.emulator_process import EmulatorProcess
if __name__ == "__main__":
    process = EmulatorProcess(EmulatedSpec(name=sys.argv[1]))
    print(process.addresses.control, flush=True)
    sys.stdin.read()
"""


def test_it_ends_with_the_process_that_started_it_however_that_ends(tmp_path: Path) -> None:
    program = tmp_path / "parent.py"
    program.write_text(_PARENT)
    parent = subprocess.Popen(
        [sys.executable, str(program), "orphan"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    port = int(parent.stdout.readline())
    assert not refuses(port)
    os.kill(parent.pid, signal.SIGKILL)
    parent.communicate()
    until(lambda: refuses(port), "the emulator has ended")


def test_a_board_that_is_not_there_is_said_in_one_line() -> None:
    with pytest.raises(BenchError, match="no_such_board") as refused:
        EmulatorProcess(EmulatedSpec(board="no_such_board"))
    assert "\n" not in str(refused.value)
