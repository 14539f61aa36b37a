"""What one server's requests share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from davy.monitor.web.auth import Sessions
from davy.monitor.web.live import Live
from davy.monitor.web.refusals import Refusals


@dataclass(frozen=True)
class Door:
    """Of whoever asks: who may, and who was refused."""

    sessions: Sessions
    refusals: Refusals


@dataclass(frozen=True)
class Services(Door):
    """Made by the server, handed to the application."""

    db_path: Path
    live: Live
