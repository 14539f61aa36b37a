"""`davy command`: has a unit do something. No command opens a valve."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Annotated

import typer

from davy.errors import EXIT_FAILED, DeskError

_POLL_S = 0.1


def command(
    identifier: Annotated[str, typer.Argument(metavar="IDENTIFIER", help="The unit, such as 88.118.8/GA26000001.")],
    what: Annotated[
        str,
        typer.Argument(metavar="COMMAND", help="close_valve, mute, self_test, identify, time, or set KEY=VALUE."),
    ],
    value: Annotated[str | None, typer.Argument(metavar="[KEY=VALUE]", help="Of set.", show_default=False)] = None,
    db: Annotated[Path, typer.Option("--db", metavar="FILE", help="The monitor's database.")] = Path("davy.sqlite"),
    wait: Annotated[
        str, typer.Option(metavar="TIME", help="How long to wait for the answer; 0 for not at all.")
    ] = "30s",
) -> int:
    """Hand a command to the monitor that works on this database, and wait for what became of it.

    Exit status 0 when it was done, 1 when the unit refused it, when it expired, or when no answer came in time. A command is
    done once at most; one that found its unit away is sent until it is ten minutes old.

    Examples:

      davy command 88.118.8/GA26000001 close_valve

      davy command 88.118.8/GA26000001 set mqtt_state_ms=5000
    """
    from davy.cli.reported import duration_ms
    from davy.codec import Outcome
    from davy.monitor import commands, views
    from davy.monitor.schema import open_database, open_readonly

    order = commands.parse_order(what, value)
    wait_ms = duration_ms(wait, "--wait")
    writing, now_ms = open_database(db, make=False), time.time_ns() // 1_000_000
    try:
        command_id = commands.add(writing, identifier, order, now_ms)
        writing.close()
        reading, until = open_readonly(db), time.monotonic() + wait_ms / 1000
        while True:
            row = views.command(reading, command_id)
            assert row is not None
            if row.closed is not None or time.monotonic() >= until:
                break
            time.sleep(_POLL_S)
    except sqlite3.OperationalError as error:
        raise DeskError(str(db), f"cannot be used now: {error}", "try again") from error
    name = f"{identifier}: command {command_id} ({what})"
    if row.outcome is not None:
        print(f"{name}: {commands.outcome_words(row.outcome)}")
        return 0 if row.outcome in (Outcome.DONE, Outcome.NOTHING_TO_DO) else EXIT_FAILED
    if row.closed is not None:
        print(f"{name}: {row.closed}, no answer")
        return EXIT_FAILED
    if not wait_ms:
        print(f"{name}: handed over")
        return 0
    sent = f"sent {row.tries} times" if row.tries else "not sent: is a monitor running, and the unit up?"
    print(f"{name}: no answer yet, {sent}; it stays open until it is ten minutes old")
    return EXIT_FAILED
