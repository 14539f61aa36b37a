"""amqtt as a broker of a run: davy's built-in one, in a process of its own."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

from davy.monitor import EmbeddedBroker
from davy.monitor.tls import TlsFolder


def serve(port: int, tls_folder: str) -> None:
    """Listen on loopback until SIGTERM."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    folder = TlsFolder.load(Path(tls_folder), server=True) if tls_folder else None
    broker = EmbeddedBroker("127.0.0.1", port, tls=folder)
    stop.wait()
    broker.stop()
