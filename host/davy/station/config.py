"""STATION.toml: a production station as data. docs/station.md explains every key."""

from __future__ import annotations

import difflib
import re
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from davy.codec import State
from davy.errors import InputError
from davy.station.decide import ladder
from davy.station.outcome import Limit

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SCHEMA = 1
#: As many as there are number keys; a longer bench is two stations on one serial file.
MOST_FIXTURES = 9
#: What a printer's command line may hold, and the file of the unit's folder that each stands for.
LABEL_FILES = {"zpl": "label.zpl", "png": "label.png", "svg": "label.svg"}
LABEL_WORDS = (*LABEL_FILES, "serial", "identifier")
_PLACEHOLDER = re.compile(r"\{(\w*)\}")
_NAME = re.compile(r"[\w .-]{1,20}")
_BAUD = (9_600, 3_000_000)
_TEXTS = ("name", "board", "prefix")
_PATHS = ("image", "ca", "units", "work_order", "serials", "log")
_OPTIONAL_PATHS = ("settings", "calibrations")
_TOP = (
    "schema", *_TEXTS, *_PATHS, *_OPTIONAL_PATHS, "baud", "lower_baud", "attempts", "silence_s", "fixture", "limits", "label",
)  # fmt: skip


@dataclass(frozen=True)
class Fixture:
    """`number` is its key, from 1. It has a `port`, or the place of its USB connector, `usb`, such as 1-1.4.

    `lines`: the port whose DTR and RTS reset the chip, empty for its own.
    """

    number: int
    name: str
    port: str
    usb: str
    bauds: tuple[int, ...]
    lines: str = ""

    def __str__(self) -> str:
        return f"fixture {self.number}" + ("" if self.name == str(self.number) else f" ({self.name})")


@dataclass(frozen=True)
class Config:
    """A station. Paths are absolute, or relative to where the command was called."""

    path: Path
    name: str
    board: str
    prefix: str
    image: Path
    ca: Path
    units: Path
    work_order: Path
    serials: Path
    log: Path
    settings: Path | None
    calibrations: Path | None
    silence_s: float
    fixtures: tuple[Fixture, ...]
    limits: tuple[Limit, ...]
    label_command: tuple[str, ...]


def load_config(path: Path) -> Config:
    """Raises InputError: file, key, what is wrong, what would be right. Nothing outside the file is looked at."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise InputError(str(path), f"is not TOML: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(str(path), f"cannot be read: {said}", "name a station's TOML file") from error
    table = _Table(data, str(path))
    table.only(_TOP)
    table.whole("schema", SCHEMA, SCHEMA)
    paths: dict[str, Any] = {key: path.parent / table.text(key) for key in _PATHS}
    paths.update({key: path.parent / table.text(key) if key in data else None for key in _OPTIONAL_PATHS})
    texts: dict[str, Any] = {key: table.text(key) for key in _TEXTS}
    return Config(
        path=path,
        **texts,
        **paths,
        silence_s=table.number("silence_s", 0.1, 3_600, 180),
        fixtures=_fixtures(table, table.whole("attempts", 1, 9, 3)),
        limits=_limits(table),
        label_command=_label_command(table),
    )


def _fixtures(table: _Table, attempts: int) -> tuple[Fixture, ...]:
    given = table.data.get("fixture")
    if not isinstance(given, list) or not given or any(not isinstance(each, dict) for each in given):
        raise table.error("[[fixture]]", "is missing", "one for each fixture, with name and port or usb")
    if len(given) > MOST_FIXTURES:
        raise table.error(
            "[[fixture]]", f"{len(given)} are too many", f"1..{MOST_FIXTURES}; two stations may share the files"
        )
    fixtures: list[Fixture] = []
    for number, data in enumerate(given, 1):
        own = _Table(data, table.where, f"[[fixture]] {number}: ")
        own.only(("name", "port", "usb", "lines", "baud", "lower_baud"))
        name = own.text("name", str(number))
        if not _NAME.fullmatch(name):
            raise own.error("name", f"{name!r} will not do", "1..20 letters, digits, '_', '.', '-' or spaces")
        port, usb = own.text("port", ""), own.text("usb", "")
        if bool(port) == bool(usb):
            raise own.error(
                "port", "and usb are both there" if port else "is missing", "port = a device, or usb = a place"
            )
        for other in fixtures:
            for key, mine, its in (("name", name, other.name), ("port", port, other.port), ("usb", usb, other.usb)):
                if mine and mine == its:
                    raise own.error(key, f"{mine!r} is that of fixture {other.number}", "each fixture has its own")
        baud = own.whole("baud", *_BAUD, table.whole("baud", *_BAUD, 460_800))
        lower = own.whole("lower_baud", *_BAUD, table.whole("lower_baud", *_BAUD, 115_200))
        if lower > baud:
            raise own.error("lower_baud", f"{lower} is above baud", f"at most {baud}")
        fixtures.append(Fixture(number, name, port, usb, ladder(baud, lower, attempts), own.text("lines", "")))
    return tuple(fixtures)


def _limits(table: _Table) -> tuple[Limit, ...]:
    own = table.table("limits")
    own.only(State._fields)
    limits = []
    for field, given in own.data.items():
        right = "[low, high] in whole numbers, such as [0, 500]"
        if not isinstance(given, list) or len(given) != 2 or any(type(each) is not int for each in given):
            raise own.error(field, f"{given!r} will not do", right)
        if given[0] > given[1]:
            raise own.error(field, f"{given!r} is upside down", right)
        limits.append(Limit(field, given[0], given[1]))
    return tuple(limits)


def _label_command(table: _Table) -> tuple[str, ...]:
    own = table.table("label")
    own.only(("print",))
    text = own.text("print", "")
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise own.error("print", f"is no command line: {error}", 'such as "lp -d zebra {zpl}"') from error
    for name in _PLACEHOLDER.findall(text):
        if name not in LABEL_WORDS:
            known = ", ".join(f"{{{word}}}" for word in LABEL_WORDS)
            raise own.error("print", f"{{{name}}} means nothing here", f"one of {known}")
    return tuple(words)


class _Table:
    """A table of the file; what it refuses is told as `file: [table] key`."""

    def __init__(self, data: dict[str, Any], where: str, prefix: str = "") -> None:
        self.data = data
        self.where = where
        self._prefix = prefix

    def error(self, key: str, problem: str, right: str) -> InputError:
        return InputError(f"{self.where}: {self._prefix}{key}", problem, right)

    def only(self, known: tuple[str, ...]) -> None:
        for key in self.data:
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                raise self.error(
                    key, "means nothing here", f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
                )

    def table(self, key: str) -> _Table:
        given = self.data.get(key, {})
        if not isinstance(given, dict):
            raise self.error(key, "is no table", f"write [{key}]")
        return _Table(given, self.where, f"[{key}] ")

    def text(self, key: str, default: str | None = None) -> str:
        value = self.data.get(key, default)
        if key not in self.data and default is not None:
            return default
        if not isinstance(value, str) or not value:
            raise self.error(key, "is missing" if value is None else f"{value!r} will not do", "a text")
        return value

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
        value = self.data.get(key, default)
        right = f"a number from {low:g} to {high:g}"
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise self.error(key, "is missing" if value is None else f"{value!r} will not do", right)
        return value

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        value = self.data.get(key, default)
        right = f"a whole number from {low} to {high}" if low < high else f"{low}"
        if type(value) is not int or not low <= value <= high:
            raise self.error(key, "is missing" if value is None else f"{value!r} will not do", right)
        return value
