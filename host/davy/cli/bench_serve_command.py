"""`davy bench serve`: the live page of a test station."""

from __future__ import annotations

import signal
import threading
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer


def serve(
    records: Annotated[
        Path, typer.Option(metavar="DIR", help="The folder that davy bench run writes its records to.")
    ] = Path("records"),
    listen: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where the page is served.")] = "127.0.0.1:8090",
    web_tls: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Its certificate (davy ca issue --server); a must off this machine."),
    ] = None,
    web_token_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What a reader must know, on one line; a must off this machine.")
    ] = None,
) -> int:
    """Show what every bench that writes to RECORDS does now, and the last units. Reads only. Ends with Ctrl-C.

    Examples:

      davy bench serve --records records

      davy bench serve --listen 0.0.0.0:8090 --web-tls tls --web-token-file token
    """
    from davy.bench.serve import BenchServer
    from davy.monitor.web import check_web_options

    def say(text: str) -> None:
        print(f"{datetime.now():%H:%M:%S}  {text}", flush=True)

    options = check_web_options(listen, web_tls, web_token_file, "--listen")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    server = BenchServer(records, options.host, options.port, options.tls, options.token, say=say)
    try:
        server.start()
        say(f"the page of {records} at {server.url}")
        while not stop.wait(0.5):
            pass
    finally:
        server.stop()
    say("ended")
    return 0
