"""`davy calibrate`: a person at a terminal, a unit on a port, its folder afterwards, and bad input."""

from __future__ import annotations

import datetime
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from davy.bench.calibration import sensing
from davy.bench.calibration.desk_unit import day_of, number_of
from davy.bench.calibration.rehearsal import rehearsal
from davy.bench.calibration.stability import Limits
from davy.bench.calibration.unit_files import CALIBRATION_FILE, keep, load_unit_files, recalibrated
from davy.cli.calibrate_command import calibrate
from davy.cli.calibrate_screen import CalibrateScreen, sparkline
from davy.errors import DeskError, InputError
from davy.identity import create_ca, provision, write_unit
from davy.image.boardfile import load_board
from davy.image.calibration import load_calibration
from davy.image.partitions import FLASH_BYTES, NVS
from davy.image.release import build_release
from davy.image.settings import Settings
from davy.monitor.commands import parse_order
from support.calibrating import OLD_DAY, TODAY, old_calibration
from support.desks import RunningDesk, running_desk
from support.micropython_image import craft
from support.terminal_screen import Terminal

IDENTIFIER = "88.118.8/CAL-2"
_GAS = ("--gas", "methane", "--span-ppm", "2500", "--span-tolerance", "2")


def words(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "davy", "calibrate", *map(str, arguments)]


def run(*arguments: object, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(words(*arguments), input=typed, capture_output=True, text=True, timeout=100, check=False)


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `davy unit new` makes it."""
    folder = tmp_path_factory.mktemp("maker")
    made = provision(
        create_ca(folder / "ca"), IDENTIFIER, load_board("virtual"), Settings.wired_only(), old_calibration("virtual")
    )
    return write_unit(made, folder / "units")


def records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*/calibration/*.json"))]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# A person


def test_a_person_is_guided_through_a_rehearsal_and_the_folder_stays_as_it_was(tmp_path: Path, unit: Path) -> None:
    before = contents(unit)
    terminal = Terminal(
        words("--virtual", "--unit", unit, *_GAS, "--records", tmp_path, "--operator", "an operator"), columns=160
    )
    try:
        for number, gas in enumerate(("clean air", "span gas of 2500 ppm", "clean air", "span gas of 2500 ppm"), 1):
            terminal.see(rf"^\[{number}/4\] apply {gas}, wait until it flows, press Enter")
            assert not any("PASS" in line for line in terminal.screen.lines())
            terminal.press("\n")
        line = terminal.see(
            r"^PASS: 88.118.8/CAL-2: r0_ohm \d+ \+- 4\.\d % \(k = 2\), was 20000; it reads 2[45]\d\d ppm"
        )
        assert terminal.end() == 0
        assert terminal.modes_are_as_before()
        shown = [line for line in terminal.screen.lines() if "mV" in line]
        assert len(shown) >= 4 and all("steady" in line for line in shown if "slope" in line)
    finally:
        terminal.close()
    (record,) = records(tmp_path)
    assert record["outcome"] == "pass" and f"r0_ohm {record['result']['value']} " in line
    assert record["about"]["operator"] == "an operator" and record["about"]["rehearsal"] is True
    assert contents(unit) == before


def test_ctrl_c_at_a_prompt_ends_it_with_a_record_of_what_was_seen(tmp_path: Path, unit: Path) -> None:
    terminal = Terminal(words("--virtual", "--unit", unit, *_GAS, "--records", tmp_path))
    try:
        terminal.see(r"^\[1/4\]")
        terminal.press("\n")
        terminal.see(r"^\[2/4\]")
        terminal.process.send_signal(signal.SIGINT)
        terminal.see("interrupted")
        assert terminal.end() == 130
        assert terminal.modes_are_as_before()
    finally:
        terminal.close()
    (record,) = records(tmp_path)
    assert (record["outcome"], record["stored"], len(record["points"])) == ("aborted", False, 1)


def test_a_script_without_a_person_says_so_with_yes_and_else_is_told(tmp_path: Path) -> None:
    done = run("--virtual", *_GAS, "--records", tmp_path)
    assert done.returncode == 2
    assert "standard input: has ended: nobody applies the gas; --yes goes on without asking" in done.stderr
    done = run("--virtual", "--yes", *_GAS, "--records", tmp_path, "--seed", 4)
    assert done.returncode == 0, done.stderr
    assert "\nPASS: 88.118.8/REHEARSED-1: r0_ohm " in done.stdout
    assert [record["outcome"] for record in records(tmp_path)] == ["aborted", "pass"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"virtual": False}, "--port or --virtual: one of them is needed"),
        ({"port": "/dev/null"}, "--port or --virtual: one of them is needed"),
        ({"virtual": False, "port": "/dev/null"}, "--unit: is missing"),
        ({"span_tolerance": 0.0}, "--span-tolerance: 0 % will not do"),
        ({"span_tolerance": 20.1}, "--span-tolerance: 20.1 % will not do"),
        ({"temperature": 20.0}, "--temperature and --humidity: go together"),
        ({"gas": "propane"}, "--gas: board virtual has for propane no such sensor"),
        ({"span_ppm": 50_000.0}, "--span-ppm: 50000 ppm is out of"),
        ({"unit": Path("/nowhere")}, "/nowhere: there is no unit.json"),
        ({"board": "nowhere"}, "nowhere"),
    ],
)
def test_bad_input_is_said_before_anything_is_done(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    given = {
        "virtual": True, "gas": "methane", "span_ppm": 2_500.0, "span_tolerance": 2.0, "records": tmp_path / "records", "yes": True,
    }  # fmt: skip
    with pytest.raises(InputError, match=re.escape(said)):
        calibrate(**{**given, **changed})
    assert not (tmp_path / "records").exists()


def test_records_that_cannot_be_kept_are_said_before_any_gas_is_used() -> None:
    done = run("--virtual", "--yes", *_GAS, "--records", "/dev/null/records")
    assert done.returncode == 3 and done.stdout == ""
    assert done.stderr.count("\n") == 1 and "/dev/null/records" in done.stderr


def test_a_course_is_drawn_between_its_least_and_its_most() -> None:
    assert sparkline([100, 100, 100]) == "▁▁▁"
    assert sparkline([0, 35, 70]) == "▁▄█"
    assert len(sparkline(list(range(500)))) == 40


# A unit on a port


@pytest.fixture
def desk(tmp_path: Path, unit: Path) -> Iterator[RunningDesk]:
    mp, flash = tmp_path / "mp.bin", tmp_path / "chip.bin"
    mp.write_bytes(craft(app_bytes=40_000))
    content = bytearray(b"\xff" * FLASH_BYTES)
    for part in build_release(load_board("virtual"), mp).parts:
        content[part.offset : part.offset + len(part.data)] = part.data
    content[NVS.offset : NVS.end] = (unit / "nvs.bin").read_bytes()
    flash.write_bytes(content)
    with running_desk(flash, speed=50.0) as found:
        yield found


def test_a_unit_on_a_port_is_calibrated_and_its_folder_makes_the_same_unit_again(
    tmp_path: Path, unit: Path, desk: RunningDesk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # The unit's time runs fifty times as fast as the questions come: so few of them must do.
    monkeypatch.setattr(
        sensing, "Limits", lambda: Limits(least=3, spread=0.02, slope=0.02, give_up_s=3_000.0, ask_s=0.01)
    )
    asked = []

    def ask(self: CalibrateScreen, gas: str, look: int) -> None:
        asked.append(gas)
        desk.do(lambda: desk.desk.plant.force_ppm("methane", 2_500.0 if gas == "span" else 2.0))

    monkeypatch.setattr(CalibrateScreen, "ask", ask)
    status = calibrate(
        port=desk.desk.pty.path,
        unit=unit,
        gas="methane",
        span_ppm=2_500,
        span_tolerance=2,
        records=tmp_path / "records",
    )
    said = capsys.readouterr().out
    assert status == 0, said
    assert asked == ["clean", "span", "clean", "span"]
    (record,) = records(tmp_path / "records")
    value = record["result"]["value"]
    truth = desk.desk.plant.true_calibration().methane
    assert truth is not None and truth.r0_ohm is not None
    assert abs(value / truth.r0_ohm - 1) <= record["result"]["expanded_uncertainty"]
    files = load_unit_files(unit)
    assert files.calibration["methane"]["r0_ohm"] == value
    assert load_calibration(unit / CALIBRATION_FILE, load_board("virtual")).methane == replace(truth, r0_ohm=value)
    assert files.public["calibrated"] is True
    assert (unit / "nvs.bin").stat().st_mode & 0o777 == 0o600
    # Flashed anew with its folder's record, it is the same unit with the same calibration.
    with rehearsal(files.spec, files.known, tmp_path, 1) as again:
        hello = again.unit.meet()
        assert hello.identifier == IDENTIFIER
        assert number_of(sensing.sensing_of(files.spec, "methane", 2_500), again.unit.readings()[1]) == value


def test_a_port_that_is_none_is_said(tmp_path: Path, unit: Path) -> None:
    with pytest.raises(DeskError, match="/dev/null: cannot be opened"):
        calibrate(port="/dev/null", unit=unit, gas="methane", span_ppm=2_500, span_tolerance=2, records=tmp_path)
    assert records(tmp_path) == []


def test_no_monitor_hands_a_calibration_out() -> None:
    assert parse_order("set", "mqtt_state_ms=5000").argument == 5_000
    for setting in ("calibration_day", "methane_r0_ohm", "co_r0_ohm", "co_sensitivity_pa_per_ppm"):
        with pytest.raises(InputError, match=r"KEY one of mqtt_state_ms, serial_state_ms$"):
            parse_order("set", f"{setting}=20000")


# The folder


def test_a_folder_keeps_key_secret_and_settings_and_takes_the_new_number(tmp_path: Path) -> None:
    made = provision(create_ca(tmp_path / "ca"), IDENTIFIER, load_board("virtual"), Settings.wired_only())
    folder = write_unit(made, tmp_path / "units")
    files = load_unit_files(folder)
    assert files.calibration == {} and files.public["calibrated"] is False
    new = recalibrated({}, "methane", "mq4", "r0_ohm", 19_000, TODAY)
    keep(files, new, datetime.datetime.now(datetime.timezone.utc))
    after = load_unit_files(folder)
    assert after.calibration == new == {
        "schema": 1, "made": "2026-11-25", "methane": {"part": "mq4", "r0_ohm": 19_000, "made": "2026-11-25"},
    }  # fmt: skip
    for key in ("settings", "cert", "key", "ca", "secret"):
        assert after.blobs[key] == files.blobs[key]
    assert after.public["calibrated"] is True
    assert repr(after.known.secret) not in repr(after) and repr(after.blobs["key"]) not in repr(after)


def test_host_and_unit_make_the_same_calibration_of_the_same_number(tmp_path: Path, unit: Path) -> None:
    files = load_unit_files(unit)
    methane = sensing.sensing_of(files.spec, "methane", 2_500)
    with rehearsal(files.spec, files.known, tmp_path, 1) as desk:
        before = json.loads(desk.board.nvs.get_blob("unit", "calibration")[:-4])
        desk.unit.put(methane, 18_500, TODAY)
        kept = json.loads(desk.board.nvs.get_blob("unit", "calibration")[:-4])
        assert kept == recalibrated(before, "methane", "mq4", "r0_ohm", 18_500, TODAY)
        desk.unit.restart()
        assert day_of(desk.unit.readings()[1]) == OLD_DAY
