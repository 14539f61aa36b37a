"""A board as data: boards/<name>/board.toml, checked against what its chip can do.

Every mistake is one InputError: file, key, what is wrong, what would be right. What comes out is frozen, and its JSON
is what the firmware reads as /board.json.
"""

from __future__ import annotations

import difflib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from davy.errors import InputError
from davy.image.boardcheck import check_divider, check_pins, check_uarts
from davy.image.boardparts import (
    SCHEMA,
    BoardSpec,
    Button,
    CellSensor,
    Climate,
    CoSensor,
    Lamp,
    MqSensor,
    Reference,
    Serial,
    SerialSensor,
    Siren,
    Tamper,
    Valve,
)
from davy.image.chips import CHIPS
from davy.paths import BOARDS
from safety.profile import PROFILES
from safety.valve import KINDS as VALVE_KINDS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TIERS = ("low", "mid", "high")
METHANE_PARTS = ("mq4",)
CLIMATE_PARTS = ("sht3x", "aht20")


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
_UV = _Int(1, 3_100_000)
_CIRCUIT = {
    "adc_pin": _PIN,
    "supply_uv": _Int(1_000_000, 6_000_000),
    "load_ohm": _OHM,
    "r0_ohm": _OHM,
    "divider_top_ohm": _Int(0, 10_000_000),
    "divider_bottom_ohm": _OHM,
}
_HEATER_SENSE = {"heater_sense_pin": _PIN, "heater_sense_low_uv": _UV, "heater_sense_high_uv": _UV}
_Rules = dict[str, "_Int | _Choice | _Text"]
#: [co] has the keys of its part.
CO_PARTS: dict[str, _Rules] = {
    "mq7": {**_CIRCUIT, "heater_pin": _PIN, **_HEATER_SENSE},
    "ze07": {"uart": _Int(1, 2), "tx_pin": _PIN, "rx_pin": _PIN},
    "tgs5042": {
        "adc_pin": _PIN,
        "bias_uv": _Int(300_000, 1_500_000),
        "gain_ohm": _Int(100_000, 10_000_000),
        "sensitivity_pa_per_ppm": _Int(1_200, 2_400),
    },
}
_CO_CLASSES: dict[str, type[CoSensor]] = {"mq7": MqSensor, "ze07": SerialSensor, "tgs5042": CellSensor}
_TABLES: dict[str, _Rules] = {
    "methane": {"part": _Choice(METHANE_PARTS), **_CIRCUIT, **_HEATER_SENSE},
    "co": {"part": _Choice(tuple(CO_PARTS))},
    "climate": {"part": _Choice(CLIMATE_PARTS), "i2c": _Int(0, 1), "sda_pin": _PIN, "scl_pin": _PIN},
    "reference": {"adc_pin": _PIN, "low_uv": _UV, "high_uv": _UV},
    "valve": {
        "kind": _Choice(tuple(VALVE_KINDS)),
        "relay_pin": _PIN,
        "relay_active": _LEVEL,
        "feedback_pin": _PIN,
        "feedback_closed": _LEVEL,
        "coil_pin": _PIN,
        "coil_low_uv": _UV,
        "coil_high_uv": _UV,
    },
    "siren": {"pin": _PIN, "active": _LEVEL},
    "lamp": {"green_pin": _PIN, "yellow_pin": _PIN, "red_pin": _PIN, "active": _LEVEL},
    "button": {"pin": _PIN, "active": _LEVEL},
    "tamper": {"pin": _PIN, "active": _LEVEL},
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
#: Keys that come together or not at all.
_TOGETHER = (
    ("methane", tuple(_HEATER_SENSE)),
    ("co", tuple(_HEATER_SENSE)),
    ("valve", ("coil_pin", "coil_low_uv", "coil_high_uv")),
)
_OPTIONAL = {
    "co",
    "climate",
    "reference",
    "tamper",
    "serial",
    *(f"{table}.{key}" for table, keys in _TOGETHER for key in keys),
    "tamper.active",
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
        co=_CO_CLASSES[values["co"]["part"]](**values["co"]) if "co" in values else None,
        climate=Climate(**values["climate"]) if "climate" in values else None,
        reference=Reference(**values["reference"]) if "reference" in values else None,
        tamper=Tamper(**values["tamper"]) if "tamper" in values else None,
        serial=Serial(**values["serial"]) if "serial" in values else None,
    )
    if spec.tier != "low" and spec.co is None:
        raise InputError(
            f"{where}: tier", f"{spec.tier!r} measures CO, and there is no [co]", "add [co], or tier = 'low'"
        )
    check_pins(values, CHIPS[spec.mcu], where)
    check_uarts(values, where)
    for name, sensor in (("methane", spec.methane), ("co", spec.co)):
        if isinstance(sensor, MqSensor):
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
        if table == "co":
            if "part" not in given:
                raise InputError(f"{where}: co.part", "is missing", _right(rules["part"]))
            part = _value(given["part"], rules["part"], f"{where}: co.part")
            rules = {**rules, **CO_PARTS[str(part)]}
        _reject_unknown(given, list(rules), f"{where}: [{table}]")
        values[table] = {}
        for key, rule in rules.items():
            if key in given:
                values[table][key] = _value(given[key], rule, f"{where}: {table}.{key}")
            elif f"{table}.{key}" not in _OPTIONAL:
                raise InputError(f"{where}: {table}.{key}", "is missing", _right(rule))
    _check_together(values, where)
    return values


def _check_together(values: dict[str, Any], where: str) -> None:
    for table, keys in _TOGETHER:
        given = [key for key in keys if key in values.get(table, {})]
        if given and len(given) < len(keys):
            missing = next(key for key in keys if key not in given)
            raise InputError(f"{where}: {table}.{missing}", "is missing", f"it belongs to {given[0]}")
    for table, low, high in (
        ("methane", "heater_sense_low_uv", "heater_sense_high_uv"),
        ("co", "heater_sense_low_uv", "heater_sense_high_uv"),
        ("valve", "coil_low_uv", "coil_high_uv"),
        ("reference", "low_uv", "high_uv"),
    ):
        limits = values.get(table, {})
        if low in limits and limits[low] >= limits[high]:
            raise InputError(
                f"{where}: {table}.{high}", f"{limits[high]} is not above {low}", f"more than {limits[low]}"
            )


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
