"""What one server's requests share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from davy.monitor.web.auth import Sessions
from davy.monitor.web.live import Live
from davy.monitor.web.refusals import Refusals


@dataclass(frozen=True)
class Services:
    """Made by the server, handed to the application."""

    db_path: Path
    sessions: Sessions
    live: Live
    refusals: Refusals
