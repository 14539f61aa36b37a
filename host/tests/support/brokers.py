"""Brokers as programs of their own, on loopback, that a test can kill and start again."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from davy.chaos.broker_process import mosquitto_path
from davy.monitor.held_port import HeldPort

NAMES = ("amqtt", "mosquitto")
_READY_S = 30.0
_AMQTT = "from davy.monitor import EmbeddedBroker; import threading; EmbeddedBroker('127.0.0.1', {port}); threading.Event().wait()"


def wait_until_it_listens(port: int, process: subprocess.Popen[bytes], said: Callable[[], str] = str) -> None:
    """Until a program takes connections on loopback; RuntimeError, with what it `said`, when it does not."""
    deadline = time.monotonic() + _READY_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{process.args!r} did not start: {said()}") from None


class BrokerProcess:
    """One of NAMES on a port of its own. Skips the test, naming it, when mosquitto is not installed."""

    def __init__(self, name: str, folder: Path) -> None:
        self._held = HeldPort()
        self.port = self._held.port
        if name == "mosquitto":
            program = mosquitto_path()
            if program is None:
                pytest.skip("mosquitto is not installed")
            config = folder / "mosquitto.conf"
            config.write_text(self.configuration(folder))
            self._command = [program, "-c", str(config)]
        else:
            self._command = [sys.executable, "-c", _AMQTT.format(port=self.port)]
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def configuration(self, folder: Path) -> str:
        """Of mosquitto, which may write into the folder."""
        return f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\n"

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until_it_listens(self.port, self._process)

    def kill(self) -> None:
        """SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
