"""The broker of a run: mosquitto, or amqtt, as a process that is killed and started again on its port."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import time
from pathlib import Path

from davy.chaos.nursery import Child, Nursery
from davy.chaos.world import SERVER_FOLDER
from davy.errors import InputError
from davy.monitor.held_port import HeldPort

_READY_S = 20.0
_LOOK_S = 0.005


def mosquitto_path() -> str | None:
    """The program, also where Debian puts it."""
    return shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def require_broker(name: str) -> None:
    """Raises InputError when this broker is not on this machine."""
    if name == "mosquitto" and mosquitto_path() is None:
        raise InputError("--broker", "mosquitto is not installed", "install it, or take --broker amqtt")


class Broker:
    """On a port of its own until `close`. `start` returns when it takes connections."""

    def __init__(self, name: str, nursery: Nursery, world: Path, folder: Path, tls: bool, persistence: bool) -> None:
        self.name = name
        self._held = HeldPort()
        self.port = self._held.port
        self._nursery = nursery
        self._tls_folder = world / SERVER_FOLDER if tls else None
        self._log = folder / "broker.log"
        self._config = folder / "mosquitto.conf"
        self._child: Child | None = None
        if name == "mosquitto":
            self._config.write_text(self._words(folder, persistence))

    def died(self) -> bool:
        """Whether it ended though nobody had ended it; after that it can be started again."""
        if self._child is None or self._child.poll() is None:
            return False
        self._child = None
        return True

    def start(self) -> None:
        """No effect while it runs. Raises RuntimeError, with what it said, when it does not come up."""
        if self._child is not None:
            return
        if self.name == "mosquitto":
            program = mosquitto_path()
            assert program is not None, "asked for by require_broker"
            self._child = self._nursery.start("execute", [program, "-c", str(self._config)], self._log)
        else:
            folder = [str(self._tls_folder)] if self._tls_folder is not None else []
            self._child = self._nursery.start("broker", [str(self.port), *folder], self._log)
        deadline = time.monotonic() + _READY_S
        while not self._answers():
            if self._child.poll() is not None or time.monotonic() > deadline:
                said = self._log.read_text(errors="replace")[-2000:]
                raise RuntimeError(f"{self.name} did not start: {said}")
            time.sleep(_LOOK_S)

    def kill(self) -> None:
        """SIGKILL."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()

    def close(self) -> None:
        """As `kill`, and let the port go."""
        self.kill()
        self._held.close()

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def _words(self, folder: Path, persistence: bool) -> str:
        lines = [
            f"user {getpass.getuser()}",
            f"listener {self.port} 127.0.0.1",
            "allow_anonymous true",
            "set_tcp_nodelay true",
            f"persistence {'true' if persistence else 'false'}",
            f"persistence_location {folder}/",
            "autosave_interval 1",
        ]
        if self._tls_folder is not None:
            lines += [
                f"cafile {self._tls_folder / 'ca.cert.pem'}",
                f"certfile {self._tls_folder / 'cert.pem'}",
                f"keyfile {self._tls_folder / 'key.pem'}",
                "require_certificate true",
            ]
        return "\n".join(lines) + "\n"
