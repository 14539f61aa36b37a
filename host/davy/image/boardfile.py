"""A board as data: boards/<name>/board.toml, checked against what its chip can do.

Every mistake is one InputError: file, key, what is wrong, what would be right. What comes out is frozen, and its JSON
is what the firmware reads as /board.json.
"""

from __future__ import annotations

import difflib
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from davy.errors import InputError
from davy.image.boardcheck import check_divider, check_pins
from davy.image.chips import CHIPS
from davy.paths import BOARDS
from safety.profile import PROFILES
from safety.valve import KINDS as VALVE_KINDS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SCHEMA = 1
TIERS = ("low", "mid", "high")
METHANE_PARTS = ("mq4",)
CO_PARTS = ("mq7",)


@dataclass(frozen=True)
class MqSensor:
    """A heated metal-oxide sensor: supply, load and divider of its circuit, R0 of its calibration.

    The pin sees supply * load / (Rs + load) * bottom / (top + bottom).
    """

    part: str
    adc_pin: int
    supply_uv: int
    load_ohm: int
    r0_ohm: int
    divider_top_ohm: int
    divider_bottom_ohm: int
    heater_pin: int | None = None


@dataclass(frozen=True)
class Valve:
    """The gas valve: its relay, and the contact that tells where it stands (None: none fitted)."""

    kind: str
    relay_pin: int
    relay_active: int
    feedback_pin: int | None = None
    feedback_closed: int = 1


@dataclass(frozen=True)
class Siren:
    """The sounder's output."""

    pin: int
    active: int = 1


@dataclass(frozen=True)
class Lamp:
    """Green: monitoring; yellow: fault; red: alarm."""

    green_pin: int
    yellow_pin: int
    red_pin: int
    active: int = 1


@dataclass(frozen=True)
class Button:
    """The button at the device."""

    pin: int
    active: int = 0


@dataclass(frozen=True)
class Serial:
    """The wired line."""

    uart: int
    tx_pin: int
    rx_pin: int
    baud: int


@dataclass(frozen=True)
class BoardSpec:
    """One board. `co` is None on the low tier, which measures methane only."""

    name: str
    description: str
    mcu: str
    tier: str
    profile: str
    methane: MqSensor
    valve: Valve
    siren: Siren
    lamp: Lamp
    button: Button
    co: MqSensor | None = None
    serial: Serial | None = None

    def to_json_bytes(self) -> bytes:
        """/board.json; the same board gives the same bytes."""
        return json.dumps({"schema": SCHEMA, **asdict(self)}, sort_keys=True, ensure_ascii=False).encode()


@dataclass(frozen=True)
class _Int:
    low: int
    high: int


@dataclass(frozen=True)
class _Choice:
    values: tuple[str, ...]


class _Text:
    pass


_LEVEL = _Int(0, 1)
_PIN = _Int(0, 48)
_OHM = _Int(1, 10_000_000)
_SENSOR = {
    "adc_pin": _PIN,
    "supply_uv": _Int(1_000_000, 6_000_000),
    "load_ohm": _OHM,
    "r0_ohm": _OHM,
    "divider_top_ohm": _Int(0, 10_000_000),
    "divider_bottom_ohm": _OHM,
}
_TABLES: dict[str, dict[str, _Int | _Choice | _Text]] = {
    "methane": {"part": _Choice(METHANE_PARTS), **_SENSOR},
    "co": {"part": _Choice(CO_PARTS), **_SENSOR, "heater_pin": _PIN},
    "valve": {
        "kind": _Choice(tuple(VALVE_KINDS)),
        "relay_pin": _PIN,
        "relay_active": _LEVEL,
        "feedback_pin": _PIN,
        "feedback_closed": _LEVEL,
    },
    "siren": {"pin": _PIN, "active": _LEVEL},
    "lamp": {"green_pin": _PIN, "yellow_pin": _PIN, "red_pin": _PIN, "active": _LEVEL},
    "button": {"pin": _PIN, "active": _LEVEL},
    "serial": {"uart": _Int(1, 2), "tx_pin": _PIN, "rx_pin": _PIN, "baud": _Int(1200, 2_000_000)},
}
_TOP: dict[str, _Int | _Choice | _Text] = {
    "schema": _Int(SCHEMA, SCHEMA),
    "name": _Text(),
    "description": _Text(),
    "mcu": _Choice(tuple(CHIPS)),
    "tier": _Choice(TIERS),
    "profile": _Choice(tuple(PROFILES)),
}
_OPTIONAL = {
    "co",
    "serial",
    "valve.feedback_pin",
    "valve.feedback_closed",
    "siren.active",
    "lamp.active",
    "button.active",
}


def load_board(name_or_path: str | Path) -> BoardSpec:
    """A shipped board by its name, or any board file by its path (one with a `/` or ending in .toml).

    Raises InputError.
    """
    text = str(name_or_path)
    path = Path(text) if "/" in text or text.endswith(".toml") else BOARDS / text / "board.toml"
    if path.is_dir():
        path = path / "board.toml"
    try:
        content = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        known = sorted(found.parent.name for found in BOARDS.glob("*/board.toml"))
        raise InputError(text, "there is no such board", f"shipped ones are {', '.join(known)}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(str(path), f"cannot be read: {error}", "a board file is UTF-8 text") from error
    return parse_board(content, str(path))


def parse_board(content: str, where: str) -> BoardSpec:
    """A board out of a board file's text; `where` names it in errors. Raises InputError."""
    try:
        data = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise InputError(where, f"is not TOML: {error}") from error
    values = _checked(data, where)
    spec = BoardSpec(
        **{key: value for key, value in values.items() if key != "schema" and not isinstance(value, dict)},
        methane=MqSensor(**values["methane"]),
        valve=Valve(**values["valve"]),
        siren=Siren(**values["siren"]),
        lamp=Lamp(**values["lamp"]),
        button=Button(**values["button"]),
        co=MqSensor(**values["co"]) if "co" in values else None,
        serial=Serial(**values["serial"]) if "serial" in values else None,
    )
    if spec.tier != "low" and spec.co is None:
        raise InputError(
            f"{where}: tier", f"{spec.tier!r} measures CO, and there is no [co]", "add [co], or tier = 'low'"
        )
    check_pins(values, CHIPS[spec.mcu], where)
    for name, sensor in (("methane", spec.methane), ("co", spec.co)):
        if sensor is not None:
            check_divider(sensor.supply_uv, sensor.divider_top_ohm, sensor.divider_bottom_ohm, f"{where}: {name}")
    return spec


def _checked(data: dict[str, Any], where: str) -> dict[str, Any]:
    _reject_unknown(data, [*_TOP, *_TABLES], where)
    values: dict[str, Any] = {}
    for key, rule in _TOP.items():
        if key not in data:
            raise InputError(f"{where}: {key}", "is missing", _right(rule))
        values[key] = _value(data[key], rule, f"{where}: {key}")
    for table, rules in _TABLES.items():
        if table not in data:
            if table in _OPTIONAL:
                continue
            raise InputError(f"{where}: [{table}]", "is missing", f"its keys are {', '.join(rules)}")
        given = data[table]
        if not isinstance(given, dict):
            raise InputError(f"{where}: {table}", "is no table", f"write [{table}]")
        _reject_unknown(given, list(rules), f"{where}: [{table}]")
        values[table] = {}
        for key, rule in rules.items():
            if key in given:
                values[table][key] = _value(given[key], rule, f"{where}: {table}.{key}")
            elif f"{table}.{key}" not in _OPTIONAL:
                raise InputError(f"{where}: {table}.{key}", "is missing", _right(rule))
    return values


def _reject_unknown(data: dict[str, Any], known: list[str], where: str) -> None:
    for key in data:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
            raise InputError(where, f"{key!r} is not a key here", hint)


def _right(rule: _Int | _Choice | _Text) -> str:
    if isinstance(rule, _Int):
        return f"a whole number from {rule.low} to {rule.high}"
    if isinstance(rule, _Choice):
        return f"one of {', '.join(rule.values)}"
    return "a text"


def _value(value: object, rule: _Int | _Choice | _Text, where: str) -> object:
    if isinstance(rule, _Int):
        good = isinstance(value, int) and not isinstance(value, bool) and rule.low <= value <= rule.high
    elif isinstance(rule, _Choice):
        good = value in rule.values
    else:
        good = isinstance(value, str) and value != ""
    if not good:
        raise InputError(where, f"{value!r} will not do", _right(rule))
    return value
