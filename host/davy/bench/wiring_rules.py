"""Which keys a wiring file has, and what each may be."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any

from davy.errors import InputError
from davy.image.chips import CHIPS
from rig_protocol import messages


@dataclass(frozen=True)
class Number:
    """A whole number, both ends allowed."""

    low: int
    high: int

    def right(self) -> str:
        """What would do, in words."""
        return f"a whole number from {self.low} to {self.high}"

    def takes(self, value: object) -> bool:
        """Whether it may be this."""
        return isinstance(value, int) and not isinstance(value, bool) and self.low <= value <= self.high


@dataclass(frozen=True)
class Choice:
    """One of some texts."""

    values: tuple[str, ...]

    def right(self) -> str:
        """What would do, in words."""
        return f"one of {', '.join(self.values)}"

    def takes(self, value: object) -> bool:
        """Whether it may be this."""
        return value in self.values


@dataclass(frozen=True)
class Text:
    """A text of so many bytes."""

    low: int
    high: int

    def right(self) -> str:
        """What would do, in words."""
        return f"a text of {self.low} to {self.high} bytes"

    def takes(self, value: object) -> bool:
        """Whether it may be this."""
        return isinstance(value, str) and self.low <= len(value.encode()) <= self.high


Rule = Number | Choice | Text
Rules = dict[str, Rule]
_PIN, _LEVEL = Number(0, 48), Number(0, 1)
_SWITCH: Rules = {"pin": _PIN, "active": _LEVEL}
_CHANNEL: Rules = {
    "channel": Number(0, 3),
    "gain_ppm": Number(900_000, 1_100_000),
    "offset_uv": Number(-100_000, 100_000),
}
_ADC: Rules = {"pin": _PIN, "divider_top_ohm": Number(0, 10_000_000), "divider_bottom_ohm": Number(1, 10_000_000)}
_VOLTAGES = tuple(name for name in messages.OUTPUTS if name.endswith("_uv"))
_CONTACTS = ("power", "coil_broken", "button", "tamper", "reset", "boot")

TOP: Rules = {
    "schema": Number(1, 1),
    "name": Text(1, 64),
    "description": Text(1, 200),
    "mcu": Choice(tuple(CHIPS)),
    "valve": Choice(("emulated", "real")),
    "calibrated": Text(0, 10),
}
#: Of each table: its own keys, then the tables that it may hold and the keys of those.
TABLES: dict[str, tuple[Rules, tuple[str, ...], Rules]] = {
    "i2c": ({"i2c": Number(0, 1), "sda_pin": _PIN, "scl_pin": _PIN}, (), {}),
    "dac": ({"part": Choice(("mcp4728",)), "address": Number(0x60, 0x67)}, _VOLTAGES, _CHANNEL),
    # A shunt of less loses the coil in the part's steps; a larger one takes the coil's voltage.
    "current": (
        {"part": Choice(("ina219",)), "address": Number(0x40, 0x4F), "shunt_mohm": Number(50, 1_000)},
        (),
        {},
    ),
    "switch": ({}, _CONTACTS, _SWITCH),
    "contact": ({**_SWITCH, "travel_ms": Number(1, 10_000)}, (), {}),
    "co_module": ({"uart": Number(1, 2), "tx_pin": _PIN, "rx_pin": _PIN}, (), {}),
    "input": ({}, messages.INPUTS, _SWITCH),
    "adc": ({}, tuple(name for name in messages.VALUE_NAMES if not name.startswith("coil")), _ADC),
}


def checked(data: dict[str, Any], where: str) -> dict[str, Any]:
    """The file's values, every one as its rule wants it. Raises InputError."""
    _reject_unknown(data, [*TOP, *TABLES], where)
    values = _table({key: data[key] for key in TOP if key in data}, TOP, where, "")
    for name, (own, inner, rules) in TABLES.items():
        if name not in data:
            continue
        given, place = data[name], f"{where}: [{name}]"
        if not isinstance(given, dict):
            raise InputError(f"{where}: {name}", "is no table", f"write [{name}]")
        _reject_unknown(given, [*own, *inner], place)
        values[name] = _table({key: given[key] for key in own if key in given}, own, where, f"{name}.")
        for part in inner:
            if part not in given:
                continue
            if not isinstance(given[part], dict):
                raise InputError(f"{where}: {name}.{part}", "is no table", f"write [{name}.{part}]")
            _reject_unknown(given[part], list(rules), f"{where}: [{name}.{part}]")
            values[name][part] = _table(given[part], rules, where, f"{name}.{part}.")
    return values


def _table(given: dict[str, Any], rules: Rules, where: str, prefix: str) -> dict[str, Any]:
    for key, rule in rules.items():
        if key not in given:
            raise InputError(f"{where}: {prefix}{key}", "is missing", rule.right())
        if not rule.takes(given[key]):
            raise InputError(f"{where}: {prefix}{key}", f"{given[key]!r} will not do", rule.right())
    return {key: given[key] for key in rules}


def _reject_unknown(data: dict[str, Any], known: list[str], where: str) -> None:
    for key in data:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
            raise InputError(where, f"{key!r} is not a key here", hint)
