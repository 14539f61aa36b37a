"""The network of a bench of ports: a broker by TLS that it switches, and an access point that its file's own commands switch."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from davy.bench.emulator import HOST
from davy.identity import create_ca, issue_peer
from davy.image.settings import Broker, Settings
from davy.monitor.held_port import HeldPort
from support.meddling import ask_control
from support.ports_lab import SERIAL, bench_command, ports_lab

BROKER = "broker.davy.lan"
#: Stands for `nmcli connection up` and `down`: switches the access point of the emulated bench.
SWITCH = """
import json, socket, sys
log, port, word = sys.argv[1:]
with open(log, "a") as file:
    file.write(word + "\\n")
with socket.create_connection(("127.0.0.1", int(port))) as control:
    control.sendall(json.dumps({"do": "wifi", "up": word == "up"}).encode() + b"\\n")
    answer = json.loads(control.makefile().readline())
if "error" in answer:
    sys.exit(answer["error"])
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Its folder; the unit reports by TLS."""
    folder = tmp_path_factory.mktemp("lab")
    ca = create_ca(folder / "ca")
    issue_peer(ca, folder / "broker", server=[BROKER], monitor="bench")
    issue_peer(ca, folder / "monitor", monitor="bench")
    settings = Settings(broker=Broker(BROKER, 8883, tls=True), mqtt_state_ms=10_000, serial_state_ms=1_000)
    with HeldPort() as held:
        network = {"listen": f"{HOST}:{held.port}", "server": "broker", "monitor": "monitor"}
        with ports_lab(folder, ca, settings, network=network) as addresses:
            (folder / "switch.py").write_text(SWITCH)
            words = [sys.executable, "switch.py", "switched.txt", str(addresses.control)]
            path = folder / "bench.yaml"
            told = yaml.safe_load(path.read_text())
            told["network"]["access_point"] = {"up": [*words, "up"], "down": [*words, "down"]}
            path.write_text(yaml.safe_dump(told))
            ask_control((HOST, addresses.control), do="hosts", hosts={BROKER: [HOST, held.port]}, monitored=False)
            yield folder


def test_what_the_device_owes_comes_by_tls_after_the_broker_and_after_the_wifi_are_back(lab: Path) -> None:
    done = bench_command(lab, "run", "--serial", SERIAL, "-k", "without_its_broker or without_wifi_the")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed, 0 failed, 0 skipped" in done.stdout
    switched = (lab / "switched.txt").read_text().split()
    assert (switched.count("down"), switched[-1]) == (1, "up")


def test_an_access_point_that_cannot_be_switched_is_the_benchs_error_with_what_the_command_said(lab: Path) -> None:
    path = lab / "bench.yaml"
    right = path.read_text()
    told = yaml.safe_load(right)
    told["network"]["access_point"]["down"] = [sys.executable, "-c", "import sys; sys.exit('no such connection')"]
    path.write_text(yaml.safe_dump(told))
    try:
        done = bench_command(lab, "run", "--serial", SERIAL, "-k", "without_wifi_the")
    finally:
        path.write_text(right)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "rig: the access point: " in done.stdout
    assert "ended with 1: no such connection" in done.stdout
    assert "FAIL" not in done.stdout
