"""The web server: uvicorn in a thread of its own, on a socket that is bound before anything else is promised."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import uvicorn

from davy.errors import InputError
from davy.identity.issue import CERTIFICATE_FILE, KEY_FILE
from davy.monitor.broker_address import is_loopback
from davy.monitor.web.app import make_app
from davy.monitor.web.auth import Sessions
from davy.monitor.web.connection import REQUEST_S, STALL_S, patient_protocol
from davy.monitor.web.live import HEARTBEAT_S, MOST_CLIENTS, Live
from davy.monitor.web.options import check_safe
from davy.monitor.web.refusals import Refusals
from davy.monitor.web.services import Services

_START_TIMEOUT_S = 20.0
_STOP_TIMEOUT_S = 10.0
#: Open connections; one more is answered 503. Live streams take at most MOST_CLIENTS of them.
_MOST_CONNECTIONS = 250


class WebServer:
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
        self._host = host
        self._scheme = "https" if tls is not None else "http"
        self._socket = _listening(host, port)
        self.port = int(self._socket.getsockname()[1])
        refusals = Refusals(say)
        live = Live(db_path, most_clients=most_clients, heartbeat_s=heartbeat_s)
        services = Services(db_path, Sessions(token, tls is not None), live, refusals)
        hosts = frozenset({"localhost", "127.0.0.1", "::1", host.lower()}) if is_loopback(host) else None
        config = uvicorn.Config(
            make_app(services, version("davy"), hosts),
            http=patient_protocol(refusals, request_s=request_s, stall_s=stall_s),
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_graceful_shutdown=2,
            ssl_certfile=tls / CERTIFICATE_FILE if tls is not None else None,
            ssl_keyfile=tls / KEY_FILE if tls is not None else None,
        )
        # A stranger's bad request is counted and said by `refusals`; a bug of ours still comes with its traceback.
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
        self._server = _Server(config, live)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="davy-web", daemon=True)

    @property
    def url(self) -> str:
        """`http://host:port`, or `https://`."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{self._scheme}://{host}:{self.port}"

    def start(self) -> None:
        """Serve. Raises RuntimeError when the server does not come up."""
        self._thread.start()
        if not self._server.up.wait(_START_TIMEOUT_S) or self._error is not None:
            raise RuntimeError("the web server did not start") from self._error

    def stop(self) -> None:
        """End live streams, answer what was asked, and close."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(_STOP_TIMEOUT_S)
        self._socket.close()

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        except BaseException as error:
            self._error = error
        finally:
            self._server.up.set()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, live: Live) -> None:
        super().__init__(config)
        self._live = live
        self.up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._live.close()
        await super().shutdown(sockets)


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        made = socket.socket(family, kind, protocol)
        try:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind(address)
            made.listen()
        except OSError:
            made.close()
            raise
    except OSError as error:
        raise InputError(
            "--web", f"{host}:{port} cannot be listened on: {error.strerror}", "choose another address or port"
        ) from None
    made.setblocking(False)
    return made
