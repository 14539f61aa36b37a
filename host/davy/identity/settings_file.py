"""Where a unit reports, out of a TOML file: [wifi], [broker] and how often. A value is never told: it may be a key."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from davy.errors import InputError
from davy.image.settings import Broker, Settings, Wifi

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_MOST_PERIOD_MS = 3_600_000
_LEAST_PERIOD_MS = 200


def _is_text(value: object, low: int, high: int) -> bool:
    return isinstance(value, str) and value.isprintable() and low <= len(value.encode()) <= high


def _is_int(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


_Rule = tuple[Callable[[object], bool], str]
_TABLES: dict[str, dict[str, _Rule]] = {
    "wifi": {
        "ssid": (lambda value: _is_text(value, 1, 32), "a text of 1 to 32 bytes"),
        "key": (
            lambda value: value == "" or _is_text(value, 8, 63),
            "a text of 8 to 63 bytes, or '' for an open network",
        ),
    },
    "broker": {
        "host": (lambda value: _is_text(value, 1, 253) and " " not in str(value), "a host's name or address"),
        "port": (lambda value: _is_int(value, 1, 65_535), "a whole number from 1 to 65535"),
        "tls": (lambda value: isinstance(value, bool), "true or false"),
    },
}
#: What may be left out of a table.
_OPTIONAL = ("tls",)
_TIME_HOST: _Rule = (
    lambda value: value == "" or (_is_text(value, 1, 253) and " " not in str(value)),
    "a time server's name or address, or '' for none",
)
_PERIOD: _Rule = (
    lambda value: (value == 0 and _is_int(value, 0, 0)) or _is_int(value, _LEAST_PERIOD_MS, _MOST_PERIOD_MS),
    f"0 for never, or {_LEAST_PERIOD_MS} to {_MOST_PERIOD_MS}",
)
_PERIODS = ("mqtt_state_ms", "serial_state_ms")


def load_unit_settings(path: Path | None, identifier: str) -> Settings:
    """A unit's settings; without a file it reports on its wired line only. Without `ntp` no time server is asked.

    Raises InputError.
    """
    if path is None:
        return Settings(identifier=identifier, wifi=None, broker=None)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(str(path), "there is no such settings file") from None
    except tomllib.TOMLDecodeError:
        # The parser's own words may quote the line, and the key with it.
        raise InputError(str(path), "is not TOML", '[wifi] with ssid = "..." and key = "..."') from None
    except (OSError, UnicodeDecodeError):
        raise InputError(str(path), "cannot be read", "a UTF-8 text of yours") from None
    return _settings(data, identifier, str(path))


def _settings(data: dict[str, Any], identifier: str, where: str) -> Settings:
    _reject_unknown(data, [*_TABLES, *_PERIODS, "ntp"], where)
    tables = {name: _table(data[name], name, where) for name in _TABLES if name in data}
    if "broker" in tables and "wifi" not in tables:
        raise InputError(f"{where}: [broker]", "there is no way to it", "add [wifi], or leave both out")
    periods = {name: _checked(data[name], _PERIOD, f"{where}: {name}") for name in _PERIODS if name in data}
    return Settings(
        identifier=identifier,
        wifi=Wifi(**tables["wifi"]) if "wifi" in tables else None,
        broker=Broker(**tables["broker"]) if "broker" in tables else None,
        ntp=_checked(data.get("ntp", ""), _TIME_HOST, f"{where}: ntp"),
        **periods,
    )


def _table(given: object, name: str, where: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise InputError(f"{where}: {name}", "is no table", f"write [{name}]")
    rules = _TABLES[name]
    _reject_unknown(given, list(rules), f"{where}: [{name}]")
    for key, rule in rules.items():
        if key not in given:
            if key in _OPTIONAL:
                continue
            raise InputError(f"{where}: {name}.{key}", "is missing", rule[1])
        _checked(given[key], rule, f"{where}: {name}.{key}")
    return given


def _checked(value: Any, rule: _Rule, where: str) -> Any:
    if not rule[0](value):
        raise InputError(where, "will not do", rule[1])
    return value


def _reject_unknown(data: dict[str, Any], known: list[str], where: str) -> None:
    for key in data:
        if key not in known:
            raise InputError(where, f"{key!r} is not a key here", f"known are {', '.join(known)}")
