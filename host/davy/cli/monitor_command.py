"""`davy monitor`: stores what devices report."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from davy.errors import InputError

if TYPE_CHECKING:
    from davy.monitor.web import WebServer


def _listen_address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not (port.isascii() and port.isdigit()) or not 0 < int(port) < 65536:
        raise InputError("--listen", f"{text!r} will not do", "write HOST:PORT, such as 127.0.0.1:1883")
    return host, int(port)


def _page(web: str, tls: Path | None, token_file: Path | None, db: Path, say: Callable[[str], None]) -> WebServer:
    from davy.monitor.web import WebServer, check_web_options

    options = check_web_options(web, tls, token_file)
    return WebServer(db, options.host, options.port, options.tls, options.token, say=say)


def monitor(
    db: Annotated[Path, typer.Option(help="SQLite database; made if it is not there.")] = Path("davy.sqlite"),
    broker: Annotated[
        str | None,
        typer.Option(
            help="mqtt://host:port or mqtts://host:port of a broker; without it one is started here.",
            show_default=False,
        ),
    ] = None,
    listen: Annotated[str, typer.Option(help="Where the built-in broker listens.")] = "127.0.0.1:1883",
    tls: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Certificates, made by davy ca issue; then everything is by TLS."),
    ] = None,
    admit: Annotated[
        str | None,
        typer.Option(
            metavar="WHOM",
            help="registered: only enrolled units are believed, as is so with --tls and once a unit is enrolled; or anyone.",
            show_default=False,
        ),
    ] = None,
    silent_after: Annotated[
        str, typer.Option(metavar="TIME", help="A device that says nothing for longer is told as lost.")
    ] = "60s",
    web: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Serve the page and the API there, such as 127.0.0.1:8080."),
    ] = None,
    web_tls: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Its certificate (davy ca issue --server); a must off this machine."),
    ] = None,
    web_token_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What a reader must know, on one line; a must off this machine.")
    ] = None,
) -> int:
    """Subscribe, decode, store in SQLite, acknowledge after the commit. Ends with Ctrl-C.

    Examples:

      davy monitor --db davy.sqlite --web 127.0.0.1:8080

      davy monitor --broker mqtts://10.0.0.5:8883 --tls tls
    """
    from davy.cli.heard import Heard
    from davy.cli.reported import duration_ms
    from davy.monitor import Admit, EmbeddedBroker, MonitorService, TlsFolder
    from davy.monitor.broker_address import is_loopback
    from davy.monitor.peers import ADMIT_WORDS
    from davy.monitor.silence import LEAST_SILENT_AFTER_S, MOST_SILENT_AFTER_S

    def say(text: str) -> None:
        print(f"{datetime.now():%H:%M:%S}  {text}", flush=True)

    if not db.absolute().parent.is_dir():
        raise InputError("--db", f"there is no folder {db.parent}", "make it first")
    if admit is not None and admit not in [each.value for each in Admit]:
        raise InputError("--admit", f"{admit!r} will not do", "registered or anyone")
    silent_after_s = duration_ms(silent_after, "--silent-after") / 1000
    if not LEAST_SILENT_AFTER_S <= silent_after_s <= MOST_SILENT_AFTER_S:
        raise InputError("--silent-after", f"{silent_after!r} will not do", "1s to 24h")
    host, port = _listen_address(listen)
    certificates = TlsFolder.load(tls, server=broker is None) if tls is not None else None
    if certificates is None and broker is None and not is_loopback(host):
        raise InputError("--listen", f"without TLS {host} would let in anybody", "add --tls DIR, or 127.0.0.1:PORT")
    if web is None and (web_tls is not None or web_token_file is not None):
        raise InputError("--web", "is missing", "where to serve, such as 127.0.0.1:8080")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    embedded = EmbeddedBroker(host, port, certificates) if broker is None else None
    service = page = None
    try:
        if web is not None:
            page = _page(web, web_tls, web_token_file, db, say)
        service = MonitorService(
            broker or (embedded.url if embedded is not None else ""),
            db,
            tls=certificates,
            own_broker=embedded is not None,
            admit=Admit(admit) if admit is not None else None,
            silent_after_s=silent_after_s,
            say=say,
            on_verdict=Heard(say),
        )
        service.start()
        if embedded is not None:
            service.wait_subscribed(10)  # so that who reads the line below may send
        built_in = (
            f"{embedded.url} (built in, {'client certificates' if tls else 'no authentication'})" if embedded else ""
        )
        say(f"storing in {db}, broker {built_in or broker}; {ADMIT_WORDS[service.store.admit]}")
        if page is not None:
            page.start()
            say(f"page and API at {page.url}")
        while not stop.wait(0.5) and service.failure is None:
            pass
    finally:
        if page is not None:
            page.stop()
        if service is not None:
            service.stop()
        if embedded is not None:
            embedded.stop()
    if service.failure is not None:
        raise service.failure
    say("ended")
    return 0
