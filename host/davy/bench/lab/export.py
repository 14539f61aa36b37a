"""What labgrid's exporter is told about benches: a file with a group and a DavyBench for each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import yaml

from davy.bench.emulator import HOST, Addresses
from davy.bench.lab.address import BENCH_CLASS
from davy.errors import InputError

#: A group is part of a path with slashes, and of the patterns of a place, in which *, ? and [ mean something.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
#: labgrid puts the file through a template first: there `##` begins a comment and a single `#` a statement.
_HEAD = "## For labgrid-exporter; made by davy. A comment begins with two number signs here.\n"


@dataclass(frozen=True)
class OfferedBench:
    """The fields of davy.bench.lab.resource.DavyBench: TCP ports of `host`, None for what the bench does not have."""

    host: str
    rig: int | None = None
    wired: int | None = None
    console: int | None = None
    control: int | None = None
    wiring: str = ""
    board: str = ""
    bench: str = ""
    calibrated: str = ""


def offered_emulated(addresses: Addresses, board: str) -> OfferedBench:
    """An emulated bench, which is only there for clients on its own computer."""
    return OfferedBench(
        HOST, addresses.rig, addresses.wired, addresses.console, addresses.control, board=board, bench=addresses.name
    )


def exporter_yaml(benches: Mapping[str, OfferedBench]) -> str:
    """The exporter's file of benches by the names of their groups, which are best those of their places. Raises InputError."""
    for name in benches:
        if not _NAME.fullmatch(name):
            raise InputError(
                f"bench {name!r}", "is no name for a place", "letters, digits, dots, underscores and hyphens"
            )
    told = {
        name: {BENCH_CLASS: {key: value for key, value in asdict(bench).items() if value not in (None, "")}}
        for name, bench in benches.items()
    }
    text: str = yaml.safe_dump(told, sort_keys=False)
    for mark in ("{{", "{%", "{#"):
        if mark in text:
            raise InputError(
                "the exporter's file", f"{mark} means something to labgrid's template", "another name or path"
            )
    return _HEAD + text


def place_commands(coordinator: str, benches: Mapping[str, OfferedBench]) -> list[str]:
    """The commands that make a place of each bench, once: name, what belongs to it, and its board as a tag."""
    commands = []
    for name, bench in benches.items():
        client = f"labgrid-client -x {coordinator} -p {name}"
        commands += [f"{client} create", f"{client} add-match '*/{name}/*'"]
        tag = re.sub(r"[^a-z0-9_]", "_", bench.board.lower())
        commands += [f"{client} set-tags board={tag}"] if tag else []
    return commands
