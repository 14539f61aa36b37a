"""A scenario: a room, what happens in it, and what must come of it. docs/scenario.md explains every key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from davy.board.analogue import FAULTS_OF_PART, SENSOR_FAULTS
from davy.board.climate_chips import CLIMATE_FAULTS
from davy.board.plant import GASES
from davy.board.room import RoomConfig
from davy.board.valve import VALVE_FAULTS
from davy.codec import CommandKind
from davy.errors import InputError
from davy.image.boardparts import BoardSpec
from davy.paths import SCENARIOS
from davy.run.duration import show_ms
from davy.run.expect import Expectation, parse_expectation
from davy.run.fields import Table, read_toml

#: What a COMMAND may ask, by the names of the protocol.
COMMANDS = tuple(kind.name.lower() for kind in CommandKind if kind)
_LONGEST_MS = 400 * 24 * 3_600_000
_UNITS = {
    "l_per_min": "L/min", "ppm": "ppm", "ach": "changes an hour", "temperature_degc": "degC",
    "humidity_percent": "%RH", "rs_factor": "x Rs", "hold_ms": "ms",
}  # fmt: skip


@dataclass(frozen=True)
class Action:
    """One thing that happens at a virtual time. `values` are the action's own keys, checked."""

    t_ms: int
    kind: str
    values: dict[str, float | str | int | None]

    def words(self) -> str:
        """For timelines."""
        return " ".join([self.kind.replace("_", " "), *(_shown(key, value) for key, value in self.values.items())])


def _shown(key: str, value: float | str | int | None) -> str:
    if value is None:
        return "ended"
    number = value if isinstance(value, str) else f"{value:g}"
    return f"{number} {_UNITS[key]}".rstrip() if key in _UNITS else number


@dataclass(frozen=True)
class Reporting:
    """What the board is told to report, and whether anything is there to hear it."""

    wifi: bool
    broker: bool
    serial_state_ms: int
    mqtt_state_ms: int


@dataclass(frozen=True)
class Scenario:
    """What `davy run` runs."""

    title: str
    duration_ms: int
    seed: int
    room: RoomConfig
    reporting: Reporting
    actions: tuple[Action, ...]
    expectations: tuple[Expectation, ...]


Values = dict[str, "float | str | int | None"]


def _leak(table: Table) -> Values:
    return {"gas": table.choice("gas", GASES, "methane"), "l_per_min": table.number("l_per_min", 0, 10_000)}


def _force(table: Table) -> Values:
    gas = table.choice("gas", GASES, "methane")
    return {"gas": gas, "ppm": table.number("ppm", 0, 1_000_000) if table.has("ppm") else None}


_ACTIONS: dict[str, tuple[tuple[str, ...], Callable[[Table], Values]]] = {
    "leak": (("gas", "l_per_min"), _leak),
    "force": (("gas", "ppm"), _force),
    "ventilation": (("ach",), lambda table: {"ach": table.number("ach", 0, 1_000)}),
    "climate": (
        ("temperature_degc", "humidity_percent"),
        lambda table: {
            "temperature_degc": table.number("temperature_degc", -40, 85),
            "humidity_percent": table.number("humidity_percent", 0, 100),
        },
    ),
    "vapour": (
        ("gas", "rs_factor"),
        lambda table: {"gas": table.choice("gas", GASES), "rs_factor": table.number("rs_factor", 0.01, 10)},
    ),
    "sensor_fault": (
        ("gas", "fault"),
        lambda table: {"gas": table.choice("gas", GASES), "fault": table.choice("fault", (*SENSOR_FAULTS, "none"))},
    ),
    "valve_fault": (("fault",), lambda table: {"fault": table.choice("fault", (*VALVE_FAULTS, "none"))}),
    "wifi": (("state",), lambda table: {"state": table.choice("state", ("up", "down"))}),
    "broker": (("state",), lambda table: {"state": table.choice("state", ("up", "down"))}),
    "power": (("state",), lambda table: {"state": table.choice("state", ("on", "off"))}),
    "climate_fault": (("fault",), lambda table: {"fault": table.choice("fault", (*CLIMATE_FAULTS, "none"))}),
    "reference": (("volts",), lambda table: {"volts": table.number("volts", 0, 3.1)}),
    "relay_pad": (("held",), lambda table: {"held": table.choice("held", ("high", "low", "none"))}),
    "slow_clock": (("permille",), lambda table: {"permille": table.whole("permille", 0, 5_000)}),
    "tamper": (("state",), lambda table: {"state": table.choice("state", ("opened", "closed"))}),
    "command": (("command",), lambda table: {"command": table.choice("command", COMMANDS)}),
    "valve_by_hand": ((), lambda table: {}),
    "button": (("hold",), lambda table: {"hold_ms": table.time_ms("hold", 200)}),
}


def find_scenario(name: str) -> Path:
    """A path as it is, or the file of a shipped scenario's bare name. Raises InputError."""
    path = Path(name)
    if path.exists() or path.suffix == ".toml" or "/" in name:
        return path
    shipped = SCENARIOS / f"{name}.toml"
    if shipped.exists():
        return shipped
    known = ", ".join(sorted(each.stem for each in SCENARIOS.glob("*.toml")))
    raise InputError(name, "there is no such scenario", f"a .toml file, or one of {known}")


def load_scenario(path: Path) -> Scenario:
    """Read and check a scenario. Raises InputError with the place of the first mistake."""
    document, text = read_toml(path)
    top = Table(document, str(path), text)
    top.only(("title", "duration", "seed", "room", "report", "event", "expect"))
    duration_ms = top.time_ms("duration")
    if not 0 < duration_ms <= _LONGEST_MS:
        raise top.refuse("duration", "is out of bounds", "more than 0, at most 400 days")
    reporting = _reporting(top.table("report"))
    heard, stored = reporting.serial_state_ms > 0, reporting.wifi and reporting.broker
    return Scenario(
        title=top.text("title"),
        duration_ms=duration_ms,
        seed=top.whole("seed", 0, 2**32 - 1, 1),
        room=_room(top.table("room")),
        reporting=reporting,
        actions=tuple(sorted((_action(each, duration_ms) for each in top.tables("event")), key=lambda a: a.t_ms)),
        expectations=tuple(parse_expectation(each, duration_ms, heard, stored) for each in top.tables("expect")),
    )


def _room(table: Table) -> RoomConfig:
    table.only(("volume_m3", "ventilation_ach", "temperature_degc", "humidity_percent"))
    return RoomConfig(
        volume_m3=table.number("volume_m3", 0.1, 100_000, 20.0),
        ventilation_ach=table.number("ventilation_ach", 0, 1_000, 0.5),
        temperature_degc=table.number("temperature_degc", -40, 85, 20.0),
        humidity_percent=table.number("humidity_percent", 0, 100, 65.0),
    )


def _reporting(table: Table) -> Reporting:
    table.only(("wifi", "broker", "serial_state", "mqtt_state"))
    return Reporting(
        wifi=table.flag("wifi", True),
        broker=table.flag("broker", True),
        serial_state_ms=table.time_ms("serial_state", 1_000),
        mqtt_state_ms=table.time_ms("mqtt_state", 10_000),
    )


def _action(table: Table, duration_ms: int) -> Action:
    kind = table.choice("do", _ACTIONS)
    keys, parse = _ACTIONS[kind]
    table.only(("at", "do", *keys))
    t_ms = table.time_ms("at")
    if t_ms > duration_ms:
        raise table.refuse("at", "is after the end of the run", "at most the duration")
    return Action(t_ms, kind, parse(table))


def check_faults(scenario: Scenario, board: BoardSpec) -> None:
    """Whether the board's parts can break as the scenario says. Raises InputError."""
    parts = {"methane": board.methane.part, "co": board.co.part if board.co is not None else ""}
    for action in scenario.actions:
        gas, fault = str(action.values.get("gas", "")), str(action.values.get("fault", ""))
        where = f"{scenario.title}: {action.kind} at {show_ms(action.t_ms)}"
        if action.kind == "sensor_fault" and fault != "none":
            possible = FAULTS_OF_PART.get(parts[gas], ())
            if fault not in possible:
                what = f"board {board.name} has no {gas} sensor that can be {fault!r}"
                raise InputError(where, what, f"its {parts[gas] or 'none'}: {', '.join(possible) or 'nothing'}")
        if action.kind == "climate_fault" and board.climate is None:
            raise InputError(where, f"board {board.name} has no climate part", "one with [climate]")
        if action.kind == "reference" and board.reference is None:
            raise InputError(where, f"board {board.name} has no ADC reference", "one with [reference]")
        if action.kind == "tamper" and board.tamper is None:
            raise InputError(where, f"board {board.name} has no tamper switch", "one with [tamper]")
