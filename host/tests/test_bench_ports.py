"""A bench of ports and of the wall clock, as a real one: behind its ports an emulated bench runs freely."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from davy.identity import Ca, create_ca, make_identifier, provision, write_unit
from davy.image.boardfile import load_board
from davy.image.settings import Settings
from support.ports_lab import SERIAL, bench_command, ports_lab


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Its folder."""
    folder = tmp_path_factory.mktemp("lab")
    with ports_lab(folder, create_ca(folder / "ca"), Settings.wired_only()):
        yield folder


def test_the_suite_runs_unchanged_by_the_wall_clock(lab: Path) -> None:
    names = "proves_who or button_opens_it or leak_sounds or says_who or one_after_the_other or preheat_is_shown"
    done = bench_command(lab, "run", "--serial", SERIAL, "-k", names)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"PASS  {SERIAL} on lab-1: 6 passed" in done.stdout
    assert re.search(r"waiting until the device is ready: 1[0-9]{2} s of preheat", done.stdout)
    record = json.loads(next((lab / "records" / SERIAL).glob("*.json")).read_text())
    assert record["dut_id"] == SERIAL
    assert record["metadata"]["bench"]["calibrated"] == "2026-11-01"


def test_such_a_bench_says_what_it_lacks(lab: Path) -> None:
    done = bench_command(
        lab, "run", "--serial", SERIAL, "-k", "full_flash or climate or reaches_the_monitor or survives_a_reflash"
    )
    assert "bench lab-1 has no way into the device's file system" in done.stdout
    assert "bench lab-1 has no climate chamber" in done.stdout
    assert "bench lab-1 has no network" in done.stdout
    assert "bench lab-1 has no program to write" in done.stdout
    assert "writing" not in done.stdout


def test_its_own_check_needs_no_device(lab: Path) -> None:
    done = bench_command(lab, "check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SOUND  lab-1" in done.stdout


def test_a_device_without_a_serial_is_not_judged(lab: Path) -> None:
    done = bench_command(lab, "run")
    assert done.returncode == 2
    assert "--serial" in done.stderr


def test_another_device_in_the_fixture_is_the_bench_s_error(lab: Path) -> None:
    folder, other = lab / "GA26000078", lab / SERIAL
    if not folder.exists():
        ca = Ca.load(lab / "ca")
        spec = load_board("virtual")
        write_unit(provision(ca, make_identifier("88.118.8", folder.name), spec, Settings.wired_only()), lab)
    assert other.exists()
    done = bench_command(lab, "run", "--serial", folder.name, "-k", "says_who")
    assert done.returncode == 3, done.stdout + done.stderr
    assert f"holds 88.118.8/{SERIAL}, not 88.118.8/{folder.name}" in done.stdout
    assert "FAIL" not in done.stdout
