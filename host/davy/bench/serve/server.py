"""The station's web server: its application over one folder of records, listening."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from davy.bench.serve.app import make_app
from davy.bench.serve.board import Watcher
from davy.bench.serve.live import MOST_CLIENTS, BoardLive
from davy.bench.serve.render import render
from davy.bench.serve.services import Services
from davy.errors import InputError
from davy.monitor.web.audience import HEARTBEAT_S
from davy.monitor.web.auth import Sessions
from davy.monitor.web.http_server import HttpServer, host_names
from davy.monitor.web.options import check_safe
from davy.monitor.web.refusals import Refusals


class BenchServer(HttpServer):
    """Runs from start() to stop(). Everything it serves is read from the folder of records, into which it never writes."""

    def __init__(
        self,
        records: Path,
        host: str,
        port: int,
        tls: Path | None = None,
        token: str | None = None,
        *,
        say: Callable[[str], None] = lambda text: None,
        most_clients: int = MOST_CLIENTS,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        """Binds; port 0 takes a free one. `tls` is a folder with cert.pem and key.pem; `say` hears of refused requests.

        Raises InputError for a folder that is not there, for an address that cannot be listened on, and for one that is not
        loopback without TLS and token.
        """
        if not records.is_dir():
            raise InputError("--records", f"there is no folder {records}", "the one that davy bench run writes to")
        check_safe(host, tls, token, "--listen")
        refusals = Refusals(say)
        watcher = Watcher(records)
        live = BoardLive(
            lambda: render("board.html.j2", board=watcher.look(), logout=False),
            most_clients=most_clients,
            heartbeat_s=heartbeat_s,
        )
        services = Services(Sessions(token, tls is not None), refusals, watcher, live)
        app = make_app(services, version("davy"), host_names(host))
        super().__init__(app, host, port, tls, refusals, live.close, option="--listen")
