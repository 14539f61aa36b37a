"""`davy monitor`: stores what devices report."""

from __future__ import annotations

import signal
import threading
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from davy.errors import InputError


def _listen_address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise InputError("--listen", f"{text!r} will not do", "write HOST:PORT, such as 127.0.0.1:1883")
    return host, int(port)


def monitor(
    db: Annotated[Path, typer.Option(help="SQLite database; made if it is not there.")] = Path("davy.sqlite"),
    broker: Annotated[
        str | None,
        typer.Option(help="mqtt://host:port of a broker; without it one is started here.", show_default=False),
    ] = None,
    listen: Annotated[str, typer.Option(help="Where the built-in broker listens.")] = "127.0.0.1:1883",
) -> int:
    """Subscribe, decode, store in SQLite, acknowledge after the commit. Ends with Ctrl-C.

    Examples:

      davy monitor --db davy.sqlite

      davy monitor --broker mqtt://10.0.0.5:1883
    """
    from davy.codec import Event, Hello, Result, describe
    from davy.monitor import EmbeddedBroker, MonitorService, Received, Verdict

    def say(text: str) -> None:
        print(f"{datetime.now():%H:%M:%S}  {text}", flush=True)

    def heard(packet: Received, verdict: Verdict) -> None:
        frame = verdict.frame
        if verdict.result is Result.REFUSED or frame is None:
            say(f"{packet.topic_source}  refused: {verdict.reason}")
        elif isinstance(frame.message, (Event, Hello)):
            again = " (again)" if verdict.result is Result.STORED_BEFORE else ""
            say(f"{packet.topic_source}  {describe(frame)}{again}")

    if not db.parent.is_dir():
        raise InputError("--db", f"there is no folder {db.parent}", "make it first")
    address = _listen_address(listen)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    service = MonitorService(broker or f"mqtt://{address[0]}:{address[1]}", db, say=say, on_verdict=heard)
    embedded = EmbeddedBroker(*address) if broker is None else None
    try:
        service.start()
        if embedded is not None:
            service.wait_subscribed(10)  # so that who reads the line below may send
        say(f"storing in {db}, broker {embedded.url + ' (built in, no authentication)' if embedded else broker}")
        stop.wait()
    finally:
        service.stop()
        if embedded is not None:
            embedded.stop()
    say("ended")
    return 0
