"""The command line, as a process: what it says, and its exit status."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from davy.paths import ROOT

DAVY = str(Path(sys.executable).with_name("davy"))
QUICK = """
title = "quick"
duration = "20s"
[report]
wifi = false
[[expect]]
what = "run_state"
is = "preheat"
at = "10s"
"""

BROKEN = """
title = "broken"
duration = "20s"
[[event]]
at = "1s"
do = "sensor_fault"
gas = "co"
fault = "silent"
"""


def davy(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([DAVY, *arguments], capture_output=True, text=True, check=False, cwd=cwd, timeout=100)


def scenario(folder: Path, text: str = QUICK) -> str:
    path = folder / "quick.toml"
    path.write_text(text)
    return str(path)


def test_a_run_that_meets_everything_exits_0_and_writes_what_was_asked_for(tmp_path: Path) -> None:
    record, page = tmp_path / "out.json", tmp_path / "out.html"
    done = davy("run", scenario(tmp_path), "--seed", "3", "--json", str(record), "--report", str(page))
    assert done.returncode == 0, done.stderr
    assert "PASS: quick: 1 of 1 expectations met" in done.stdout
    assert json.loads(record.read_text())["seed"] == 3
    assert page.read_text().startswith("<!doctype html>")


def test_a_run_that_fails_exits_1_and_says_what(tmp_path: Path) -> None:
    done = davy("run", scenario(tmp_path, QUICK.replace("preheat", "critical")))
    assert done.returncode == 1
    assert "FAIL: quick: 0 of 1 expectations met" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "nowhere"], "davy: nowhere: there is no such scenario"),
        (["run"], "davy: SCENARIO: is missing"),
        (["run", "{quick}", "--board", "nothing"], "davy: nothing: there is no such board"),
        (["run", "{quick}", "--speed", "warp"], "davy: --speed: 'warp' will not do; max, real, or a number"),
        (["run", "{quick}", "--json", "/nowhere/x.json"], "davy: --json: there is no folder /nowhere"),
        (["run", "--replay", "/nowhere.csv"], "davy: /nowhere.csv: cannot be read"),
        (["run", "{quick}", "--replay", "{quick}", "--map", "mq9=A"], "davy: --map: 'mq9=A' will not do"),
        (["run", "{quick}", "--seed", "minus"], "davy: Invalid value for '--seed'"),
        (
            ["run", "{quick}", "--calibration", "/nowhere.json"],
            "davy: /nowhere.json: there is no such calibration file",
        ),
        (["run", "{quick}", "--calibration", "{quick}"], "davy: {quick}: cannot be read as JSON"),
        (
            ["run", "{broken}"],
            "davy: broken: sensor_fault at 0:00:01.0: board virtual has no co sensor that can be 'silent'",
        ),
        (["fly"], "davy: No such command 'fly'"),
        (["monitor", "--broker", "http://x"], "davy: --broker: 'http://x' is no broker's address"),
        (["monitor", "--listen", "x"], "davy: --listen: 'x' will not do"),
        (["monitor", "--db", "/nowhere/x.db"], "davy: --db: there is no folder /nowhere"),
    ],
)
def test_bad_input_is_one_line_and_exit_status_2(tmp_path: Path, arguments: list[str], said: str) -> None:
    quick = scenario(tmp_path, BROKEN if "{broken}" in arguments else QUICK)
    done = davy(*[argument.format(quick=quick, broken=quick) for argument in arguments], cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith(said.format(quick=quick)), done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["quick.toml"], "nothing half-written"


def test_help_teaches_with_examples() -> None:
    for arguments in (["--help"], ["run", "--help"], ["monitor", "--help"], ["demo", "--help"]):
        done = davy(*arguments)
        assert done.returncode == 0
        assert "Usage" in done.stdout
    assert "davy run kitchen_leak" in davy("run", "--help").stdout


def test_the_demo_tells_the_truth_by_its_exit_status(tmp_path: Path) -> None:
    done = davy("demo", "--out", str(tmp_path / "demo"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ALARM methane critical" in done.stdout
    assert "valve is shut" in done.stdout
    assert "stored: ALARM methane critical" in done.stdout
    record = json.loads((tmp_path / "demo" / "run.json").read_text())
    assert record["passed"] is True
    assert (tmp_path / "demo" / "report.html").exists()


def test_ctrl_c_ends_a_run_with_130_and_leaves_no_board_behind(tmp_path: Path) -> None:
    running = subprocess.Popen(
        [DAVY, "run", scenario(tmp_path, QUICK.replace("20s", "2h")), "--speed", "real"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert running.stdout is not None
    for line in running.stdout:
        if "boots" in line:
            break
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=30)
    assert running.returncode == 130, errors
    assert errors.strip().splitlines()[-1] == "davy: interrupted"


def test_the_makefile_lists_what_can_be_made() -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "make demo - a leak in a kitchen" in done.stdout


def test_davy_monitor_stores_what_comes_and_ends_cleanly_on_sigterm(tmp_path: Path) -> None:
    import paho.mqtt.client as mqtt
    from paho.mqtt.enums import CallbackAPIVersion

    from davy.codec import Event, encode_frame
    from davy.monitor import Store
    from davy.monitor.held_port import HeldPort

    held, db, source = HeldPort(), tmp_path / "m.sqlite", bytes(range(8))
    running = subprocess.Popen(
        [DAVY, "monitor", "--db", str(db), "--listen", f"127.0.0.1:{held.port}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    assert "storing in" in running.stdout.readline()
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", held.port)
    client.loop_start()
    payload = encode_frame(source, 1, 0, 5, Event(2, 1, 2, 9_000, 4, 0, None, None))
    client.publish(f"davy/1/{source.hex()}/up", payload, qos=1).wait_for_publish(30)
    said = running.stdout.readline()
    client.disconnect()
    client.loop_stop()
    assert "ALARM methane critical at 9000 ppm" in said
    running.send_signal(signal.SIGTERM)
    rest, errors = running.communicate(timeout=30)
    assert running.returncode == 0, errors
    assert rest.endswith("ended\n")
    held.close()
    assert [event.seq for event in Store(db).events()][:1] == [0]
