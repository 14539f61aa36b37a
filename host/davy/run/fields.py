"""Reading a TOML document with a place for every complaint: file, line, key, and what would be right."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from davy.errors import InputError
from davy.run.duration import RIGHT, parse_ms

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def read_toml(path: Path) -> tuple[dict[str, Any], str]:
    """(document, text). Raises InputError."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(
            str(path), f"cannot be read: {error.strerror}", "name a scenario file or a shipped scenario"
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(str(path), "is not UTF-8 text", "a scenario is a TOML file") from error
    try:
        return tomllib.loads(text), text
    except tomllib.TOMLDecodeError as error:
        raise InputError(str(path), f"is not TOML: {error}") from error


class Table:
    """One table of a document. Every getter raises InputError with file, line and key."""

    def __init__(self, data: dict[str, Any], where: str, text: str, header: str = "", nth: int = 0) -> None:
        self._data = data
        self._where = where
        self._header = header
        self._lines = text.splitlines()
        self._first, self._last = self._span(nth)

    def _span(self, nth: int) -> tuple[int, int]:
        """Line numbers [first, last) of the table, by its nth header; the top of the file without one."""
        starts = [at for at, line in enumerate(self._lines) if line.strip().startswith("[")]
        if not self._header:
            return 0, starts[0] if starts else len(self._lines)
        mine = [at for at in starts if re.match(rf"\[+\s*{re.escape(self._header)}\s*\]+", self._lines[at].strip())]
        if nth >= len(mine):
            # Not under a header of its own: written inline, or not there at all.
            inline = [at for at, line in enumerate(self._lines) if re.match(rf"{re.escape(self._header)}\s*[=.]", line)]
            return (inline[0], inline[0] + 1) if inline else (0, len(self._lines))
        after = [at for at in starts if at > mine[nth]]
        return mine[nth], after[0] if after else len(self._lines)

    def place(self, key: str = "") -> str:
        """`file:line: [table] key`."""
        line = self._first
        for at in range(self._first, self._last):
            if key and re.match(rf"\s*{re.escape(key)}\s*=", self._lines[at]):
                line = at
                break
        name = f" [{self._header}]" if self._header else ""
        return f"{self._where}:{line + 1}:{name}{f' {key}' if key else ''}"

    def refuse(self, key: str, problem: str, right: str) -> InputError:
        """The error to raise."""
        return InputError(self.place(key), problem, right)

    def only(self, known: Iterable[str]) -> None:
        """Refuse keys that mean nothing here."""
        names = list(known)
        for key in self._data:
            if key not in names:
                near = difflib.get_close_matches(key, names, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"known here are {', '.join(names)}"
                raise self.refuse(key, "means nothing here", hint)

    def has(self, key: str) -> bool:
        return key in self._data

    def _get(self, key: str, right: str) -> Any:
        if key not in self._data:
            raise self.refuse(key, "is missing", right)
        return self._data[key]

    def time_ms(self, key: str, default: int | None = None) -> int:
        """A time; required without a default."""
        if default is not None and key not in self._data:
            return default
        value = parse_ms(self._get(key, RIGHT))
        if value is None:
            raise self.refuse(key, f"{self._data[key]!r} is no time", RIGHT)
        return value

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
        """A number within bounds; required without a default."""
        if default is not None and key not in self._data:
            return default
        right = f"a number from {low:g} to {high:g}"
        value = self._get(key, right)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise self.refuse(key, f"{value!r} will not do", right)
        return float(value)

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """A whole number within bounds; required without a default."""
        value = self.number(key, low, high, default)
        if value != int(value):
            raise self.refuse(key, f"{value:g} will not do", f"a whole number from {low} to {high}")
        return int(value)

    def choice(self, key: str, values: Iterable[str], default: str | None = None) -> str:
        """One of some words; required without a default."""
        if default is not None and key not in self._data:
            return default
        names = list(values)
        right = f"one of {', '.join(names)}"
        value = self._get(key, right)
        if value not in names:
            near = difflib.get_close_matches(str(value), names, n=1)
            raise self.refuse(key, f"{value!r} will not do", f"did you mean {near[0]!r}?" if near else right)
        return str(value)

    def text(self, key: str, default: str | None = None) -> str:
        """A text; required without a default."""
        if default is not None and key not in self._data:
            return default
        value = self._get(key, "a text")
        if not isinstance(value, str) or not value:
            raise self.refuse(key, f"{value!r} will not do", "a text")
        return value

    def flag(self, key: str, default: bool) -> bool:
        """true or false."""
        value = self._data.get(key, default)
        if not isinstance(value, bool):
            raise self.refuse(key, f"{value!r} will not do", "true or false")
        return value

    def table(self, key: str) -> Table:
        """A sub-table; empty when it is not there."""
        value = self._data.get(key, {})
        if not isinstance(value, dict):
            raise self.refuse(key, "is no table", f"write [{key}]")
        return Table(value, self._where, "\n".join(self._lines), key)

    def tables(self, key: str) -> list[Table]:
        """An array of tables; empty when it is not there."""
        value = self._data.get(key, [])
        if not isinstance(value, list) or any(not isinstance(each, dict) for each in value):
            raise self.refuse(key, "is no list of tables", f"write [[{key}]] before each")
        text = "\n".join(self._lines)
        return [Table(each, self._where, text, key, nth) for nth, each in enumerate(value)]
