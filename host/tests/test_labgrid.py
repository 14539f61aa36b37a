"""Benches on labgrid, from an environment in which it is not installed, and through the one in which it is (make labgrid)."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import re
import select
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from davy.bench.benchfile import BenchFile, DevicePart, RigPart
from davy.bench.errors import BenchError
from davy.bench.lab import holder
from davy.bench.lab.address import LabAddress, address_of
from davy.bench.lab.export import OfferedBench, exporter_yaml, place_commands
from davy.bench.lab.holder import Holder
from davy.bench.lab.place import hold
from davy.bench.lab.run import with_address
from davy.bench.lab.wanted import Wanted, wanted_of
from davy.bench.lab.wires import wiring_path
from davy.bench.port_line import PortLine
from davy.errors import InputError
from davy.paths import BOARDS
from support.desks import davy

ROOT = BOARDS.parent
LAYER = ROOT / ".venv-labgrid" / "bin" / "python"
CASES = Path(__file__).parent / "labgrid_cases"
GROUPS = (("bench", "page"), ("place", "fault", "tools"))
needs_layer = pytest.mark.skipif(not LAYER.exists(), reason=".venv-labgrid is not there: make labgrid")
here_without = pytest.mark.skipif(
    importlib.util.find_spec("labgrid") is not None, reason="labgrid is installed in this environment"
)


def in_layer(*words: object) -> str:
    """Of pytest there: what it says. Fails when a test does, when none ran, and when one was skipped."""
    command = [
        LAYER,
        "-W",
        "ignore",
        "-m",
        "pytest",
        "-q",
        "-rs",
        "-p",
        "no:xdist",
        "-p",
        "no:cacheprovider",
        "-W",
        "ignore",
    ]
    done = subprocess.run(
        [str(word) for word in (*command, *words)],
        cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=110,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert re.search(r"\b[1-9]\d* passed", done.stdout) and "skipped" not in done.stdout, done.stdout
    return done.stdout


@needs_layer
@pytest.mark.parametrize("cases", GROUPS, ids="-".join)
def test_the_cases_hold_where_labgrid_is(cases: tuple[str, ...]) -> None:
    in_layer(*(CASES / f"{each}_cases.py" for each in cases))


def test_no_cases_are_forgotten() -> None:
    assert {each.stem for each in CASES.glob("*.py")} == {f"{each}_cases" for group in GROUPS for each in group}


@needs_layer
def test_the_layer_sees_the_fork_and_this_environment_does_not() -> None:
    ask = "import serial, davy, labgrid; print(serial.__version__, serial.__file__, davy.__file__)"
    version, serial, davy = subprocess.run(
        [LAYER, "-c", ask], check=True, capture_output=True, text=True
    ).stdout.split()
    assert version.startswith("3.5.0.") and ".venv-labgrid" in serial
    assert Path(davy).parent == ROOT / "host" / "davy"


@here_without
def test_this_environment_has_pyserial_as_its_makers_have_it() -> None:
    import serial
    import serial.rfc2217

    assert serial.__version__ == importlib.metadata.version("pyserial")
    assert "(skipped)" not in Path(serial.rfc2217.__file__).read_text()  # the fork's mark in that file


@here_without
def test_without_labgrid_one_line_says_what_to_install() -> None:
    with pytest.raises(InputError) as caught, hold(Wanted("127.0.0.1:1", "bench1")):
        pass
    said = str(caught.value)
    assert said.startswith("labgrid: labgrid is not installed here; `make labgrid`") and "\n" not in said


def test_only_the_room_of_labgrid_imports_it() -> None:
    """And even there nothing does when the room is imported, but the three classes of labgrid's own kind."""
    classes = {"resource", "driver", "strategy"}
    for path in (ROOT / "host" / "davy").rglob("*.py"):
        if path.parent.name == "lab" and path.stem in classes:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.split(".")[0] in ("labgrid", "grpc") for name in names), path


def test_a_holder_is_read_back_from_its_name() -> None:
    mine = holder.this_process()
    assert holder.parse(str(mine)) == mine and str(mine).count("/") == 1
    assert mine.life() == "alive"
    assert holder.parse("benchpc/alice") == Holder("benchpc", "alice")
    assert holder.parse("benchpc/alice").life() == "person"
    assert holder.parse("benchpc/a.davy.x.y.z") == Holder("benchpc", "a.davy.x.y.z")


def test_a_dead_process_is_known_and_one_that_took_its_number_is_not_taken_for_it() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    ask = f"from davy.bench.lab import holder; print(holder._started({child.pid}))"
    started = int(subprocess.run([sys.executable, "-c", ask], check=True, capture_output=True, text=True).stdout)
    mine = holder.this_process()
    theirs = Holder(mine.host, mine.user, child.pid, started, mine.kernel)
    assert theirs.life() == "alive"
    assert Holder(mine.host, mine.user, child.pid, started - 1, mine.kernel).life() == "dead"
    child.communicate(b"\n")
    assert theirs.life() == "dead"


@pytest.mark.parametrize(("host", "kernel"), [("elsewhere", None), (None, "00000000")])
def test_a_process_of_another_computer_or_container_is_not_judged(host: str | None, kernel: str | None) -> None:
    mine = holder.this_process()
    assert Holder(host or mine.host, mine.user, 1, 1, kernel or mine.kernel).life() == "elsewhere"


def test_a_bench_of_sockets_and_one_of_serial_ports_have_addresses() -> None:
    bench = {"host": "h", "rig": 1, "wired": 2, "console": None, "control": 4, "bench": "", "calibrated": "2026-01-31"}
    found = address_of("bench1", [("DavyBench", "DavyBench", bench)])
    assert (found.bench, found.rig, found.wired, found.console) == ("bench1", "socket://h:1", "socket://h:2", "")
    assert (found.control, found.calibrated) == ("h:4", "2026-01-31")
    ports: list[tuple[str, str, dict[str, object]]] = [
        ("DavyBench", "DavyBench", {"host": "h", "wiring": "rig_esp32"}),
        ("rig", "NetworkSerialPort", {"host": "h", "port": 7, "speed": 115200, "protocol": "rfc2217"}),
        ("wired", "NetworkSerialPort", {"host": "h", "port": 8, "speed": 115200, "protocol": "raw"}),
        ("other", "NetworkSerialPort", {"host": "h", "port": 9, "speed": 115200, "protocol": "raw"}),
    ]
    found = address_of("bench1", ports)
    assert (found.rig, found.wired, found.console) == ("rfc2217://h:7", "socket://h:8", "")


@pytest.mark.parametrize(
    ("resources", "said"),
    [
        ([], "has 0 DavyBench resources"),
        ([("a", "DavyBench", {"host": "h", "rig": 1}), ("b", "DavyBench", {"host": "h", "rig": 2})], "has 2 DavyBench"),
        ([("a", "DavyBench", {"host": "h"})], "has no way to its rig"),
    ],
)
def test_a_place_that_is_no_bench_is_a_bench_error(
    resources: list[tuple[str, str, dict[str, object]]], said: str
) -> None:
    with pytest.raises(BenchError, match=said) as caught:
        address_of("bench1", resources)
    assert caught.value.cause == "place"


def test_a_bench_file_names_a_place_or_tags_and_how_long_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    found, wait_s = wanted_of({"coordinator": "lab:20408", "place": "bench1", "wait_s": 60}, "b.yaml")
    assert (found.coordinator, found.filters(), found.said(), wait_s) == (
        "lab:20408", {"name": "bench1"}, "place bench1", 60.0,
    )  # fmt: skip
    monkeypatch.setenv("LG_COORDINATOR", "[::1]:1234")
    found, wait_s = wanted_of({"tags": {"board": "devkit_mq"}}, "b.yaml")
    assert (found.coordinator, found.filters(), wait_s) == ("[::1]:1234", {"board": "devkit_mq"}, 0.0)
    assert found.fits("any", {"board": "devkit_mq", "floor": "1"}) and not found.fits("any", {"floor": "1"})


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (None, "labgrid is no table"),
        (
            {"coordinator": "lab", "place": "a", "wait": 1},
            "labgrid has no wait; one of coordinator, place, tags, wait_s",
        ),
        ({"place": "a"}, "labgrid.coordinator is ''"),
        ({"coordinator": "http://lab", "place": "a"}, "labgrid.coordinator is 'http://lab'"),
        ({"coordinator": "lab"}, "names a place, or tags of one"),
        ({"coordinator": "lab", "place": "a", "tags": {"board": "b"}}, "names a place, or tags of one"),
        ({"coordinator": "lab", "tags": {"Board": "b"}}, "words in lower case"),
        ({"coordinator": "lab", "tags": {"board": "88.118"}}, "words in lower case"),
        ({"coordinator": "lab", "place": "a", "wait_s": -1}, "labgrid.wait_s is -1"),
        ({"coordinator": "lab", "place": "a", "wait_s": True}, "labgrid.wait_s is True"),
        ({"coordinator": "lab", "place": "a", "wait_s": float("nan")}, "labgrid.wait_s is nan"),
    ],
)
def test_a_bench_file_that_names_no_place_is_bad_input(
    told: object, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LG_COORDINATOR", raising=False)
    with pytest.raises(InputError) as caught:
        wanted_of(told, "b.yaml")
    assert str(caught.value).startswith("b.yaml: ") and said in str(caught.value)


def test_what_an_exporter_is_told_is_read_back_by_yaml_and_by_its_template() -> None:
    benches = {"bench1": OfferedBench("10.0.0.5", rig=4001, control=4004, board="devkit_mq", calibrated="2026-01-31")}
    text = exporter_yaml(benches)
    assert all(line.startswith("##") for line in text.splitlines() if line.lstrip().startswith("#"))
    assert yaml.safe_load(text) == {
        "bench1": {"DavyBench": {"host": "10.0.0.5", "rig": 4001, "control": 4004, "board": "devkit_mq", "calibrated": "2026-01-31"}}
    }  # fmt: skip
    assert place_commands("lab", benches)[-1] == "labgrid-client -x lab -p bench1 set-tags board=devkit_mq"
    for name, bench in (("a/b", "x"), ("*", "x"), ("", "x"), ("ok", "{{ 1 }}")):
        with pytest.raises(InputError):
            exporter_yaml({name: OfferedBench("h", bench=bench)})


def test_a_wiring_is_found_by_name_or_file_and_others_are_bad_input(tmp_path: Path) -> None:
    assert wiring_path("") == wiring_path("rig_esp32") == BOARDS / "rig_esp32" / "wiring.toml"
    assert wiring_path(str(tmp_path / "mine.toml")) == tmp_path / "mine.toml"
    with pytest.raises(InputError, match="wiring rig_z80: is not one of davy's; one of rig_esp32"):
        wiring_path("rig_z80")


def test_a_line_that_is_not_there_or_goes_away_is_a_bench_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"socket://127.0.0.1:{server.getsockname()[1]}"
        line = PortLine(url, "rig")
        other = server.accept()[0]
        assert line.read() == b""
        other.sendall(b"abc")
        assert select.select([line._port._socket], [], [], 10)[0] and line.read() == b"abc"
        line.write(b"xyz")
        assert other.recv(10) == b"xyz"
        other.close()
        assert select.select([line._port._socket], [], [], 10)[0]
        with pytest.raises(BenchError, match=r"line rig, socket://.*: is gone") as caught:
            line.read()
        assert caught.value.cause == "rig"
        line.close()
    with pytest.raises(BenchError, match="is gone") as caught:
        PortLine(url, "wired")
    assert caught.value.cause == "device"


def test_a_file_for_a_place_becomes_the_file_of_the_bench_that_was_got(tmp_path: Path) -> None:
    told = BenchFile.model_validate(
        {"schema": 1, "name": "any", "board": "devkit_mq", "labgrid": {"place": "bench1"}, "units": str(tmp_path)}
    )
    address = LabAddress("bench 1", "rfc2217://h:1", wired="rfc2217://h:2", board="devkit_ze07", wiring="rig_esp32")
    found = with_address(told, address, "any.yaml")
    assert (found.name, found.board, found.units, found.labgrid) == ("bench 1", "devkit_ze07", tmp_path, None)
    assert found.rig == RigPart(port="rfc2217://h:1", wiring=wiring_path("rig_esp32"))
    assert found.device == DevicePart(wired="rfc2217://h:2")
    with pytest.raises(InputError, match=r"any\.yaml: bench b has no line to its device"):
        with_address(told, LabAddress("b", "rfc2217://h:1"), "any.yaml")
    with pytest.raises(InputError, match=r"any\.yaml: units is not there"):
        with_address(told.model_copy(update={"units": None}), address, "any.yaml")


@here_without
def test_davy_bench_run_says_in_one_line_what_a_lab_needs(tmp_path: Path) -> None:
    file = tmp_path / "lab.yaml"
    file.write_text("schema: 1\nname: any\nlabgrid: {coordinator: lab, place: bench1}\n")
    done = davy("bench", "run", "--bench", file, "--records", tmp_path / "records")
    assert done.returncode == 2, done.stdout
    assert done.stdout.splitlines()[-1].startswith("davy: labgrid: labgrid is not installed here; `make labgrid`"), (
        done.stdout
    )
