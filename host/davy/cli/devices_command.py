"""`davy devices`: who reports, and the register of units."""

from __future__ import annotations

import json
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from davy.errors import DeskError, InputError

if TYPE_CHECKING:
    from rich.table import Table

    from davy.monitor.views import DeviceView

_MOST_WHY = 200
_MOST_COLUMNS = 400

Db = Annotated[Path, typer.Option("--db", metavar="FILE", help="The monitor's database.")]


class _ListFirst(TyperGroup):
    """`davy devices --db FILE` is `davy devices list --db FILE`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = ["list", *args]
        return super().parse_args(ctx, args)


devices = typer.Typer(
    cls=_ListFirst,
    rich_markup_mode="rich",
    help="""Who reports, and the register of units: [b]davy devices --db FILE[/b] lists them.

    Examples:

      davy devices --db davy.sqlite

      davy devices enrol --db davy.sqlite --ca ca units/GA26000001

      davy devices revoke --db davy.sqlite 88.118.8/GA26000001 --why "stolen"
    """,
)


@devices.command("list")
def list_(
    db: Db = Path("davy.sqlite"),
    json_: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False,
) -> int:
    """Every device that was heard, and every unit that is enrolled. `list` may be left out."""
    from rich.console import Console

    from davy.cli.reported import device_json
    from davy.monitor import views
    from davy.monitor.schema import open_readonly

    opened = open_readonly(db)
    found = _read(db, lambda: views.devices(opened))
    if json_:
        print(json.dumps([device_json(each) for each in found], indent=1))
        return 0
    # Never cut to the terminal's width: half an identifier is worth nothing.
    Console(width=_MOST_COLUMNS, highlight=False).print(_table(found, time.time_ns() // 1_000_000))
    return 0


@devices.command()
def enrol(
    units: Annotated[list[Path], typer.Argument(metavar="UNITDIR...", help="Folders that davy unit new made.")],
    ca: Annotated[Path, typer.Option("--ca", metavar="DIR", help="The CA that made them.")],
    db: Annotated[
        Path, typer.Option("--db", metavar="FILE", help="The monitor's database; made if it is not there.")
    ] = Path("davy.sqlite"),
) -> int:
    """Take units up in the register, all of those that are named or none. Once there are any, only they are believed.

    The database gets each unit's secret, by which its frames are checked. The CA is not needed again.
    """
    from davy.identity import Ca
    from davy.monitor import registry
    from davy.monitor.schema import open_database

    maker = Ca.load(ca)
    read = [registry.read_enrolment(folder, maker) for folder in units]
    if not db.absolute().parent.is_dir():
        raise InputError("--db", f"there is no folder {db.parent}", "make it first")
    opened = open_database(db)
    new = _read(db, lambda: registry.enrol(opened, read, time.time_ns() // 1_000_000))
    for unit in read:
        print(f"{unit.identifier}: {'enrolled' if unit.identifier in new else 'is enrolled already, nothing to do'}")
    return 0


@devices.command()
def revoke(
    identifier: Annotated[str, typer.Argument(metavar="IDENTIFIER", help="Such as 88.118.8/GA26000001.")],
    why: Annotated[str, typer.Option(help="For those who read it later.")],
    db: Db = Path("davy.sqlite"),
) -> int:
    """Believe this unit no longer, from the next packet on. There is no way back: it gets a new identity."""
    from davy.monitor import registry
    from davy.monitor.schema import open_database

    if not 1 <= len(why) <= _MOST_WHY or not why.isprintable():
        raise InputError("--why", "will not do", f"1 to {_MOST_WHY} printable characters")
    opened = open_database(db, make=False)
    done = _read(db, lambda: registry.revoke(opened, identifier, why, time.time_ns() // 1_000_000))
    print(f"{identifier}: {'revoked' if done else 'is revoked already, nothing to do'}")
    return 0


@devices.command()
def rebind(
    identifier: Annotated[str, typer.Argument(metavar="IDENTIFIER", help="Such as 88.118.8/GA26000001.")],
    db: Db = Path("davy.sqlite"),
) -> int:
    """Forget the chip of a unit, after a repair: the next that shows this unit's seal takes its place."""
    from davy.monitor import registry
    from davy.monitor.schema import open_database

    opened = open_database(db, make=False)
    forgotten = _read(db, lambda: registry.rebind(opened, identifier))
    if forgotten is None:
        print(f"{identifier}: is bound to no chip, nothing to do")
    else:
        print(f"{identifier}: chip {forgotten} is forgotten; the next that shows the unit's seal takes its place")
    return 0


@devices.command()
def incidents(
    db: Db = Path("davy.sqlite"),
    limit: Annotated[int, typer.Option(help="How many of the newest.", min=1, max=10_000)] = 100,
    json_: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False,
) -> int:
    """What somebody should look at: identities and seals that were refused, links that were lost."""
    from davy.cli.reported import local_time, safe
    from davy.monitor import views
    from davy.monitor.schema import open_readonly

    opened = open_readonly(db)
    found = _read(db, lambda: views.incidents(opened, limit))
    if json_:
        print(json.dumps([vars(each) for each in found], indent=1))
        return 0
    for each in found:
        times = f" ({each.count} times, last {local_time(each.last_ms)})" if each.count > 1 else ""
        who = " ".join(part for part in (safe(each.identifier), each.source) if part)
        what = each.kind.replace("_", " ") + (f": {safe(each.detail)}" if each.detail else "")
        print(f"{local_time(each.at_ms)}  {who}  {what}{times}")
    return 0


def _read(db: Path, ask: Any) -> Any:
    # Locked for long, or a disk that fails: nothing that was given is wrong.
    try:
        return ask()
    except sqlite3.OperationalError as error:
        raise DeskError(str(db), f"cannot be used now: {error}", "try again") from error


def _table(found: list[DeviceView], now_ms: int) -> Table:
    from rich.table import Table
    from rich.text import Text

    from davy.cli.reported import ago, gas_words, safe, state_words, valve_word
    from davy.codec.describe import fault_names

    names = ("identifier", "source", "link", "last seen", "state", "methane", "CO", "valve", "faults", "waiting")
    table = Table(*names, "gaps", "repeated", "proven", box=None, pad_edge=False)
    for each in found:
        state = each.state
        methane, co = gas_words(state)
        faults = ", ".join(fault_names(state.faults)).replace("_", " ") if state is not None else ""
        cells = [safe(each.identifier), each.source or "", each.link, ago(each.last_seen_ms, now_ms)]
        cells += [state_words(state), methane, co, valve_word(state), faults]
        cells += [str(state.waiting_events) if state is not None else "", str(each.gaps), str(each.repeated)]
        cells += ["REVOKED" if each.revoked_ms else _proven(each, now_ms)]
        table.add_row(*(Text(cell) for cell in cells))
    return table


def _proven(device: DeviceView, now_ms: int) -> str:
    from davy.cli.reported import ago

    if not device.enrolled:
        return "not enrolled"
    return f"{ago(device.proven_ms, now_ms)} ago" if device.proven_ms is not None else "not yet"
