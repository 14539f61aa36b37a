"""docs/labgrid.md, followed word for word where it shows commands and files."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from labgrid.remote.config import ResourceConfig

from davy.bench.lab.address import address_of
from davy.bench.lab.wanted import wanted_of
from davy.cli import lab_command
from davy.paths import ROOT
from support.lab import Lab, Program, lab

PAGE = (ROOT / "docs" / "labgrid.md").read_text()
BLOCKS = [re.sub(r"^    ", "", block, flags=re.M) for block in re.findall(r"(?:^    .*\n|^\n(?=    ))+", PAGE, re.M)]


def block(begins: str) -> str:
    """The code of the page that begins so."""
    (found,) = [each.strip("\n") + "\n" for each in BLOCKS if each.strip("\n").startswith(begins)]
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A new lab without places, and the benches of the page."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "lab").mkdir()
    (line,) = re.findall(r"^    \S*/bin/davy (bench emulate .*)$", PAGE, re.M)
    benches = Program(sys.executable, "-m", "davy", *shlex.split(line), cwd=folder)
    try:
        benches.wait_for("ends with Ctrl-C")
        with lab(folder / "lab", {}, (folder / "lab" / "exporter.yaml").read_text()) as found:
            yield found
    finally:
        benches.signal(signal.SIGINT)
        assert benches.process.wait(30) == 0


def there(lab: Lab, line: str) -> str:
    """A command of the page as it is typed, in its environment, in this lab."""
    words = shlex.split(line)
    script = Path(sys.executable).parent / Path(words[0]).name
    env = {**os.environ, "LG_COORDINATOR": lab.address}
    done = subprocess.run([script, *words[1:]], env=env, cwd=lab.folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_places_of_the_page_are_made_by_its_commands_and_listed_as_it_shows(
    made: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = [line for line in block("export LG_COORDINATOR").splitlines() if "labgrid-client" in line]
    assert len(typed) == 6
    for line in typed:
        there(made, line)
    made.await_offers(2)
    lab_command.places(made.address)
    shown = [line for each in BLOCKS for line in each.splitlines() if line.startswith("bench") and "free" in line]
    assert capsys.readouterr().out.splitlines() == shown and len(shown) == 2


def test_a_run_takes_whichever_place_is_free(made: Lab) -> None:
    """Two at once, told the same."""
    (made.folder / "any.yaml").write_text(block("schema: 1").replace("127.0.0.1:20408", made.address))
    words = ["bench", "run", "--bench", "any.yaml", "--serial", "LG2", "-k", "valve_that_does_not_close"]
    runs = [Program(sys.executable, "-m", "davy", *words, "--records", str(at), cwd=made.folder) for at in range(2)]
    said = [each.wait_for("PASS  LG2 on emulated-") for each in runs]
    assert len({line.split(":")[0] for line in said}) == 2, said
    assert [each.process.wait(30) for each in runs] == [0, 0]
    assert [made.state(name) for name in ("bench1", "bench2")] == ["free", "free"]


def test_labgrids_own_tests_run_with_the_environment_of_the_page(made: Lab, tmp_path: Path) -> None:
    there(made, "labgrid-client -p bench1 acquire")
    try:
        (tmp_path / "env.yaml").write_text(block("imports:"))
        (tmp_path / "test_it.py").write_text(
            "def test_it(strategy):\n"
            "    strategy.transition('armed')\n"
            "    assert strategy.opened.device.hello().identifier == '88.118.8/UNIT1'\n"
        )
        command = f"pytest -q -p no:cacheprovider --lg-env {tmp_path / 'env.yaml'} {tmp_path}"
        assert "1 passed" in there(made, command)
    finally:
        there(made, "labgrid-client -p bench1 release")


def test_the_exporters_file_of_the_page_is_one_and_is_a_bench_of_serial_ports(tmp_path: Path) -> None:
    (tmp_path / "exporter.yaml").write_text(block("bench1:\n  DavyBench:\n"))
    told: dict[str, Any] = ResourceConfig(str(tmp_path / "exporter.yaml")).data["bench1"]
    ports = {name: dict(told[name]) for name in ("rig", "wired")}
    assert all(each.pop("cls") == "USBSerialPort" for each in ports.values())
    # What the exporter makes of them, which the coordinator then tells.
    network = [(name, "NetworkSerialPort", {"host": "benchpc", "port": at}) for at, name in enumerate(ports, 4000)]
    found = address_of("bench1", [("DavyBench", "DavyBench", dict(told["DavyBench"])), *network])
    assert (found.rig, found.wired) == ("rfc2217://benchpc:4000", "rfc2217://benchpc:4001")
    assert (found.bench, found.calibrated, found.wiring) == ("bench 1, line 3", "2026-01-31", "rig_esp32")


def test_the_bench_file_of_the_page_names_what_a_run_wants() -> None:
    wanted, wait_s = wanted_of(yaml.safe_load(block("schema: 1"))["labgrid"], "any.yaml")
    assert (wanted.coordinator, wanted.filters(), wait_s) == ("127.0.0.1:20408", {"board": "virtual"}, 600.0)
