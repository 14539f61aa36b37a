"""An MQTT broker inside this process: amqtt on a thread of its own. For demos, tests and small installations.

Without TLS it is for this machine only. With TLS it lets in whoever holds a certificate of the CA, and nobody else.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import ssl
import threading
from typing import Any

from davy.errors import InputError
from davy.monitor.broker_address import is_loopback
from davy.monitor.held_port import HeldPort
from davy.monitor.tls import TlsFolder

_START_TIMEOUT_S = 20.0
_SHUTDOWN_S = 2.0


class EmbeddedBroker:
    """Listens on construction, and after a `pause` again by `resume`. `tls` is a folder that was loaded for a server."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0, tls: TlsFolder | None = None) -> None:
        """Raises InputError when the address cannot be listened on, or would let in anybody."""
        if tls is None and not is_loopback(host):
            raise InputError("--listen", f"without TLS {host} would let in anybody", "add --tls DIR, or 127.0.0.1:PORT")
        self.host = host
        self._tls = tls
        try:
            self._held = HeldPort(host, port)
        except OSError as error:
            raise InputError(
                f"{host}:{port}", f"cannot be listened on: {error.strerror}", "choose another port"
            ) from error
        self.port = self._held.port
        # Its own failures reach us as exceptions; what it logs about clients that vanish is no news.
        for name in ("amqtt", "transitions"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        try:
            self.resume()
        except BaseException:
            self._held.close()
            raise

    def resume(self) -> None:
        """Listen, from the construction or a `pause` on. Raises RuntimeError when it does not come up."""
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._stop: asyncio.Event | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="davy-broker", daemon=True)
        self._thread.start()
        if not self._started.wait(_START_TIMEOUT_S) or self._error is not None:
            raise RuntimeError("the embedded broker did not start") from self._error

    @property
    def url(self) -> str:
        """Where this process reaches it: `mqtt://host:port`, by TLS `mqtts://`."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"{'mqtts' if self._tls else 'mqtt'}://{f'[{host}]' if ':' in host else host}:{self.port}"

    def pause(self) -> None:
        """Close every connection and listen no more; the port stays ours. No effect while paused.

        Raises RuntimeError when it does not end.
        """
        if self._thread.is_alive() and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(_START_TIMEOUT_S)
            if self._thread.is_alive():
                raise RuntimeError("the embedded broker did not end")
            # A client whose connection was being taken just then hangs on objects that only refer to each other: its socket is
            # closed with them, and until then it would wait at a connection without anybody behind it.
            gc.collect()

    def stop(self) -> None:
        """As `pause`, and let the port go."""
        self.pause()
        self._held.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        except BaseException as error:
            self._error = error
            self._started.set()
        finally:
            # What is cancelled in the middle of a connection tells asyncio's handler so; from here on that is no news.
            self._loop.set_exception_handler(lambda _loop, _context: None)
            pending = asyncio.all_tasks(self._loop)
            for task in pending:
                task.cancel()
            if pending:
                self._loop.run_until_complete(asyncio.wait(pending, timeout=_SHUTDOWN_S))
            self._loop.close()

    async def _serve(self) -> None:
        from amqtt.broker import Broker

        context = self._tls.server_context() if self._tls is not None else None

        class _Broker(Broker):  # type: ignore[misc]
            # amqtt's own context asks for a certificate and takes a client without one as well.
            @staticmethod
            def _create_ssl_context(_listener: Any) -> ssl.SSLContext | None:
                return context

        self._stop = asyncio.Event()
        listener = {"type": "tcp", "bind": f"{self.host}:{self.port}", "ssl": context is not None}
        broker = _Broker(
            {
                "listeners": {"default": listener},
                "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
            }
        )
        await broker.start()
        self._started.set()
        await self._stop.wait()
        # First nobody new: amqtt's own order lets clients in while it ends, and may then wait for ever.
        for server in broker._servers.values():
            server.instance.close()
        await asyncio.wait({asyncio.ensure_future(broker.shutdown())}, timeout=_SHUTDOWN_S)
