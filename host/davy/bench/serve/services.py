"""What one server's requests share."""

from __future__ import annotations

from dataclasses import dataclass

from davy.bench.serve.board import Watcher
from davy.bench.serve.live import BoardLive
from davy.monitor.web.services import Door


@dataclass(frozen=True)
class Services(Door):
    """Made by the server, handed to the application. `watcher` reads the records."""

    watcher: Watcher
    live: BoardLive
