"""The suite of hil_tests on virtual benches: green, on two boards, and several devices in one run."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

#: Two of CO take as long as all others; test_first_bench.py runs everything.
HOURS_LEFT_OUT = "not co_for_long and not harms_nobody"


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "davy", "bench", "run", "--records", "records", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=250, check=False)


def records(folder: Path) -> dict[str, dict[str, Any]]:
    """By serial."""
    return {
        path.parent.name: json.loads(path.read_text())
        for path in folder.glob("records/*/*.json")
        if path.parent.name != "live"
    }


@pytest.mark.timeout(280)
def test_every_test_passes_on_a_virtual_device_and_nothing_is_written_twice(tmp_path: Path) -> None:
    done = run(tmp_path, "--serial", "GA26000001", "--junit", "bench.xml", "-k", HOURS_LEFT_OUT)
    assert done.returncode == 0, done.stdout + done.stderr
    (record,) = records(tmp_path).values()
    assert (record["dut_id"], record["outcome"]) == ("GA26000001", "PASS")
    skipped = [each.get("message") for each in ElementTree.parse(tmp_path / "bench.xml").iter("skipped")]
    assert skipped == ["bench virtual-1 has no serial CO module's line"] * 2
    assert "FAIL" not in done.stdout
    # Once to begin with, and once by the test that flashes it anew.
    assert record["metadata"]["programs_written"] == 2


def test_a_serial_co_module_is_tested_by_its_own_line(tmp_path: Path) -> None:
    done = run(tmp_path, "--board", "devkit_ze07", "-k", "co and not hours and not self_test and not comes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ok    a serial co module that falls silent is a fault" in done.stdout


def test_several_devices_are_judged_in_one_run_each_with_its_own_record(tmp_path: Path) -> None:
    done = run(tmp_path, "--serial", "A1", "--serial", "A2", "--serial", "A3", "-k", "leak_sounds or proves_who")
    assert done.returncode == 0, done.stdout + done.stderr
    assert {serial: record["outcome"] for serial, record in records(tmp_path).items()} == dict.fromkeys(
        ("A1", "A2", "A3"), "PASS"
    )
