"""The monitor's web server: its application over one database, listening."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from davy.monitor.web.app import make_app
from davy.monitor.web.audience import HEARTBEAT_S
from davy.monitor.web.auth import Sessions
from davy.monitor.web.connection import REQUEST_S, STALL_S
from davy.monitor.web.http_server import HttpServer, host_names
from davy.monitor.web.live import MOST_CLIENTS, Live
from davy.monitor.web.options import check_safe
from davy.monitor.web.refusals import Refusals
from davy.monitor.web.services import Services


class WebServer(HttpServer):
    """Runs from start() to stop(). Everything it serves is read from the database file, which it never writes."""

    def __init__(
        self,
        db_path: Path,
        host: str,
        port: int,
        tls: Path | None = None,
        token: str | None = None,
        *,
        say: Callable[[str], None] = lambda text: None,
        most_clients: int = MOST_CLIENTS,
        heartbeat_s: float = HEARTBEAT_S,
        request_s: float = REQUEST_S,
        stall_s: float = STALL_S,
    ) -> None:
        """Binds; port 0 takes a free one. `tls` is a folder with cert.pem and key.pem; `say` hears of refused requests.

        Raises InputError for an address that cannot be listened on, and for one that is not loopback without TLS and token.
        """
        check_safe(host, tls, token)
        refusals = Refusals(say)
        live = Live(db_path, most_clients=most_clients, heartbeat_s=heartbeat_s)
        services = Services(Sessions(token, tls is not None), refusals, db_path, live)
        app = make_app(services, version("davy"), host_names(host))
        super().__init__(
            app, host, port, tls, refusals, live.close, option="--web", request_s=request_s, stall_s=stall_s
        )
