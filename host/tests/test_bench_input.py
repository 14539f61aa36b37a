"""What `davy bench run` and `check` refuse: in one line, with exit status 2, before anything is opened, and with nothing left behind."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from davy.bench.benchfile import BenchFile, load_bench_file
from davy.cli.main import main
from davy.errors import InputError
from davy.paths import FIRMWARE
from support.meddling import run

GOOD = {"schema": 1, "name": "bench 1", "emulated": "127.0.0.1:1"}
RIG = {"rig": {"port": "/dev/rig"}, "device": {"wired": "/dev/dut"}, "units": "units"}

Davy = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def davy(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Davy:
    """`davy bench ...` in an empty folder: its status, and the lines of its standard error. Nothing may be left but what was there."""
    monkeypatch.chdir(tmp_path)

    def call(*words: object) -> tuple[int, list[str]]:
        before = sorted(tmp_path.rglob("*"))
        monkeypatch.setattr(sys, "argv", ["davy", "bench", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        assert sorted(tmp_path.rglob("*")) == before
        said = capfd.readouterr()
        assert said.out == ""
        assert isinstance(ended.value.code, int)
        return ended.value.code, said.err.splitlines()

    return call


def refused(found: tuple[int, list[str]], *words: str) -> None:
    status, lines = found
    assert status == 2, lines
    assert len(lines) == 1, lines
    assert lines[0].startswith("davy: ")
    for word in words:
        assert word in lines[0]


BAD_FILES: dict[str, tuple[object, tuple[str, ...]]] = {
    "no YAML": ("{", ("cannot be read as YAML",)),
    "bytes": (b"\xff\xfe\x00", ("cannot be read as YAML",)),
    "empty": ("", ("is no bench file",)),
    "a list": ([1, 2], ("is no bench file",)),
    "no schema": ({**GOOD, "schema": None}, ("schema",)),
    "another schema": ({**GOOD, "schema": 2}, ("schema",)),
    "no name": ({key: GOOD[key] for key in ("schema", "emulated")}, ("name",)),
    "a name too long": ({**GOOD, "name": "n" * 300}, ("too long",)),
    "an empty name": ({**GOOD, "name": ""}, ("name",)),
    "an unknown key": ({**GOOD, "emulatedd": "x"}, ("emulatedd",)),
    "an unknown key inside": ({**GOOD, "labgrid": {"plase": "x"}}, ("labgrid.plase",)),
    "two ways at once": ({**GOOD, **RIG}, ("needs one of emulated, labgrid, or rig",)),
    "no way": ({"schema": 1, "name": "x"}, ("needs one of emulated, labgrid, or rig",)),
    "a rig without its device": ({"schema": 1, "name": "x", "rig": RIG["rig"]}, ("device",)),
    "a device without a line": (
        {"schema": 1, "name": "x", **RIG, "device": {}},
        ("device", "needs a console or a wired"),
    ),
    "a bad rate": ({"schema": 1, "name": "x", **RIG, "device": {"wired": "x", "baud": 1}}, ("device.baud",)),
    "a bad day": ({**GOOD, "calibrated": "yesterday"}, ("calibrated",)),
    "no speed": ({**GOOD, "speed": 0}, ("speed",)),
    "no port": ({**GOOD, "emulated": "here"}, ("emulated", "HOST:PORT")),
    "no number of a port": ({**GOOD, "emulated": "127.0.0.1:x"}, ("emulated", "HOST:PORT")),
    "no such board": ({**GOOD, "board": "toaster"}, ("toaster", "there is no such board")),
}


@pytest.mark.parametrize("what", BAD_FILES)
@pytest.mark.parametrize("command", ["run", "check"])
def test_a_bench_file_that_will_not_do_is_refused_naming_file_and_key(
    command: str, what: str, davy: Davy, tmp_path: Path
) -> None:
    content, words = BAD_FILES[what]
    path = tmp_path / "bench.yaml"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    refused(davy(command, "--bench", path), "bench.yaml", *words)


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_bench_file_that_is_not_there_is_refused(command: str, davy: Davy) -> None:
    refused(davy(command, "--bench", "nowhere.yaml"), "nowhere.yaml", "there is no such bench file")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from([*BenchFile.model_fields, "schema", "port", "wired"]), inner, max_size=4)
        ),
        max_leaves=8,
    )
)
def test_any_bench_file_is_read_or_refused_in_one_line(tmp_path_factory: pytest.TempPathFactory, told: object) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(yaml.safe_dump({**GOOD, **told} if isinstance(told, dict) else told))
    try:
        load_bench_file(path)
    except InputError as error:
        assert "\n" not in str(error)
        assert str(path) in str(error)


def test_options_that_will_not_do_are_refused(davy: Davy, tmp_path: Path) -> None:
    good, rig = tmp_path / "good.yaml", tmp_path / "rig.yaml"
    good.write_text(yaml.safe_dump(GOOD))
    rig.write_text(yaml.safe_dump({"schema": 1, "name": "bench 2", **RIG}))
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    refused(davy("run", "--bench", rig), "--serial", "bench 2")
    refused(davy("run", "--bench", good, "--bench", rig, "--serial", "A"), "--serial", "bench 2")
    refused(davy("run", "--bench", good, "--count", "3"), "3 devices on 1 benches")
    refused(davy("run", "--bench", good, "--bench", good), "'bench 1'")
    refused(davy("run", "--serial", "A", "--serial", "A"), "--serial", "given twice")
    refused(davy("run", "--serial", "A" * 300), "--serial", "will not do")
    refused(davy("run", "--serial", "A B/C"), "A B/C")
    refused(davy("run", "--serial", ""), "--serial")
    refused(davy("run", "--count", "0"), "--count")
    refused(davy("run", "--board", "toaster"), "toaster")
    refused(davy("run", "--records", tmp_path / "file"), "--records", "is no folder")
    refused(davy("run", "--records", tmp_path / "file" / "below"), "--records", "is no folder")
    refused(davy("check", "--records", tmp_path / "file"), "--records", "is no folder")
    refused(davy("run", "--junit", tmp_path / "nowhere" / "j.xml"), "--junit", "there is no folder")
    refused(davy("run", "--junit", tmp_path), "--junit", "is a folder")
    refused(davy("run", "--firmware", tmp_path / "empty"), "--firmware", "has no main.py")
    refused(davy("run", "--bench", good, "--board", "devkit_mq"), "--board", "is a virtual device's")
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "main.py").write_text("")
    words = ("run", "--bench", rig, "--serial", "A", "--firmware", tmp_path / "tree")
    refused(davy(*words), "--firmware", "bench bench 2 is of real parts", "release: FOLDER")


def test_a_records_folder_of_somebody_else_is_refused(
    davy: Davy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Who runs the tests may be root, whom nothing is refused."""
    before = os.access
    monkeypatch.setattr(os, "access", lambda path, mode, **how: path != tmp_path and before(path, mode, **how))
    refused(davy("run", "--records", "records"), "--records", "cannot be written to")


def test_a_firmware_that_does_not_compile_is_refused_with_its_file_and_line(davy: Davy, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    for name in ("boot.py", "main.py"):
        (tree / name).write_bytes((FIRMWARE / name).read_bytes())
    (tree / "sirens.py").write_text("LOUD = 1\n\n\ndef wail(:\n    pass\n")
    refused(davy("run", "--firmware", tree), "sirens.py", "line 4", "SyntaxError")


@pytest.mark.parametrize(("select", "said"), [("no_such_test", "selects no test"), ("valve and (", "is no expression")])
def test_a_selection_of_nothing_is_refused(select: str, said: str, tmp_path: Path) -> None:
    found = run(tmp_path / "records", "-k", select, "--junit", tmp_path / "j.xml")
    assert found.status == 2, found.said
    (line,) = found.err.splitlines()
    assert line.startswith("davy: -k: ")
    assert said in line
    assert list(tmp_path.iterdir()) == []
