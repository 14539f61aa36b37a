"""uvicorn in a thread of its own, on a socket that is bound before anything else is promised."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from davy.errors import InputError
from davy.identity.issue import CERTIFICATE_FILE, KEY_FILE
from davy.monitor.broker_address import is_loopback
from davy.monitor.web.connection import REQUEST_S, STALL_S, patient_protocol
from davy.monitor.web.refusals import Refusals

_START_TIMEOUT_S = 20.0
_STOP_TIMEOUT_S = 10.0
#: Open connections; one more is answered 503. Live streams take at most MOST_CLIENTS of them.
_MOST_CONNECTIONS = 250


class HttpServer:
    """Serves one application from start() to stop()."""

    def __init__(
        self,
        app: ASGIApp,
        host: str,
        port: int,
        tls: Path | None,
        refusals: Refusals,
        end_streams: Callable[[], None],
        *,
        option: str,
        request_s: float = REQUEST_S,
        stall_s: float = STALL_S,
    ) -> None:
        """Binds; port 0 takes a free one. `end_streams` is called in the server's loop when it is to stop.

        Raises InputError, about `option`, for an address that cannot be listened on.
        """
        self._host = host
        self._scheme = "https" if tls is not None else "http"
        self._socket = _listening(host, port, option)
        self.port = int(self._socket.getsockname()[1])
        config = uvicorn.Config(
            app,
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
        self._server = _Server(config, end_streams)
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
    def __init__(self, config: uvicorn.Config, end_streams: Callable[[], None]) -> None:
        super().__init__(config)
        self._end_streams = end_streams
        self.up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._end_streams()
        await super().shutdown(sockets)


def host_names(host: str) -> frozenset[str] | None:
    """What a request's Host header may name: this machine on loopback, else anything (None)."""
    return frozenset({"localhost", "127.0.0.1", "::1", host.lower()}) if is_loopback(host) else None


def _listening(host: str, port: int, option: str) -> socket.socket:
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
            option, f"{host}:{port} cannot be listened on: {error.strerror}", "choose another address or port"
        ) from None
    made.setblocking(False)
    return made
