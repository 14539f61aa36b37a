"""`davy bench places`: the places of a lab, and taking one back that a dead run holds."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from davy.errors import InputError


def places(
    coordinator: Annotated[
        str, typer.Option("--coordinator", metavar="HOST:PORT", envvar="LG_COORDINATOR", help="labgrid's coordinator.")
    ] = "127.0.0.1:20408",
    release: Annotated[
        str, typer.Option("--release", metavar="PLACE", help="Take this place back from a run that is dead.")
    ] = "",
    force: Annotated[
        bool, typer.Option("--force", help="With --release: whoever holds it, and whether or not that can be seen.")
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print the places as JSON.")] = False,
) -> int:
    """The benches of a lab, and who has each. A place that a dead run left is given back with --release.

    Examples:

      davy bench places --coordinator labhost

      davy bench places --release bench1
    """
    from davy.bench.lab.places import list_places, take_back

    if force and not release:
        raise InputError("--force", "without --release", "name the place with --release")
    if release:
        print(f"{release}: taken back from {take_back(coordinator, release, force=force)}")
        return 0
    found = list_places(coordinator)
    if json_:
        told = [{**asdict(each), "changed": each.changed.isoformat(timespec="seconds")} for each in found]
        print(json.dumps(told, indent=1))
        return 0
    for each in found:
        tags = " ".join(f"{key}={value}" for key, value in sorted(each.tags.items()))
        print(f"{each.name:20} {each.said()}" + (f"  [{tags}]" if tags else ""))
    if not found:
        print(f"{coordinator} has no places: docs/labgrid.md makes some")
    return 0
