"""`davy events`: what happened, as the monitor stored it."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from davy.errors import DeskError

if TYPE_CHECKING:
    from davy.monitor.views import EventView

#: How often a database is asked whether anybody has committed.
_POLL_S = 0.2
_MOST_AT_ONCE = 1_000


def events(
    db: Annotated[Path, typer.Option("--db", metavar="FILE", help="The monitor's database.")] = Path("davy.sqlite"),
    device: Annotated[
        str | None, typer.Option(metavar="ID|SOURCE", help="Of one device only: its identifier, or its chip's source.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only what came within this time, such as 1h.")
    ] = None,
    kind: Annotated[str | None, typer.Option(metavar="KIND", help="Only such events, as alarm or fault.")] = None,
    limit: Annotated[int, typer.Option(help="How many of the newest.", min=1, max=1_000_000)] = 100,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with what comes, until Ctrl-C.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print each as a line of JSON.")] = False,
) -> int:
    """The newest events, in the order they came.

    Examples:

      davy events --since 1h --kind alarm

      davy events --device 88.118.8/GA26000001 --follow
    """
    from davy.cli.reported import duration_ms, event_kind, event_line
    from davy.cli.reported import event_json as as_json
    from davy.monitor import views
    from davy.monitor.schema import open_readonly

    wanted = event_kind(kind) if kind is not None else None
    since_ms = time.time_ns() // 1_000_000 - duration_ms(since, "--since") if since is not None else None
    opened = open_readonly(db)
    sources = views.sources_of(opened, device) if device is not None else None

    def show(found: Iterable[EventView]) -> None:
        for each in found:
            print(json.dumps(as_json(each)) if json_ else event_line(each), flush=True)

    try:
        newest = views.newest_event_id(opened)
        first = views.events(opened, sources=sources, since_ms=since_ms, kind=wanted, limit=limit)
        show(first)
        newest = max(newest, first[-1].id if first else 0)
        version = None
        while follow:
            now = opened.execute("PRAGMA data_version").fetchone()[0]
            if now == version:
                time.sleep(_POLL_S)
                continue
            version = now
            if device is not None:
                sources = views.sources_of(opened, device)  # a unit that was repaired has another chip
            while found := views.events(opened, sources=sources, kind=wanted, after_id=newest, limit=_MOST_AT_ONCE):
                show(found)
                newest = found[-1].id
    except KeyboardInterrupt:
        if not follow:
            raise
    except sqlite3.OperationalError as error:
        raise DeskError(str(db), f"cannot be read now: {error}", "try again") from error
    return 0
