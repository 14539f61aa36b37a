"""What a unit's own sensors measure by: /calibration.json, made by a calibration with gas, or the types' nominal values.

The firmware takes a value only when it is of the very part that the board has, and within a factor of `MOST_FOLD` of the
type's; any other leaves that sensor uncalibrated, which is a fault. So a file is judged here before it is put anywhere.
"""

from __future__ import annotations

import datetime
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from davy.errors import InputError
from davy.image.boardparts import BoardSpec, CellSensor, CoSensor, MqSensor

SCHEMA = 1
MOST_FOLD = 4
GASES = ("methane", "co")


@dataclass(frozen=True)
class Own:
    """One sensor's own number: R0 in ohm of an MQ, or pA a ppm of a cell; the other is None."""

    part: str
    r0_ohm: int | None = None
    sensitivity_pa_per_ppm: int | None = None


@dataclass(frozen=True)
class Calibration:
    """Of one unit; None for a sensor that has none."""

    methane: Own | None = None
    co: Own | None = None
    #: When it was measured; None when that is not known.
    made: datetime.date | None = None

    def to_json_bytes(self) -> bytes:
        """The file's bytes; the same calibration gives the same bytes."""
        found: dict[str, Any] = {
            gas: {key: value for key, value in asdict(own).items() if value is not None}
            for gas, own in (("methane", self.methane), ("co", self.co))
            if own is not None
        }
        if self.made is not None:
            found["made"] = self.made.isoformat()
        return json.dumps({"schema": SCHEMA, **found}, sort_keys=True).encode()


def _key(sensor: CoSensor) -> str | None:
    if isinstance(sensor, MqSensor):
        return "r0_ohm"
    return "sensitivity_pa_per_ppm" if isinstance(sensor, CellSensor) else None


def _sensors(spec: BoardSpec) -> dict[str, CoSensor]:
    found: dict[str, CoSensor] = {"methane": spec.methane}
    if spec.co is not None:
        found["co"] = spec.co
    return found


def calibration_of(spec: BoardSpec, values: dict[str, int]) -> Calibration:
    """Made of one number for each gas; those that are not given are the type's nominal ones."""
    owns = {}
    for gas, sensor in _sensors(spec).items():
        key = _key(sensor)
        if key is not None:
            owns[gas] = Own(sensor.part, **{key: values.get(gas, getattr(sensor, key))})
    return Calibration(owns.get("methane"), owns.get("co"))


def nominal(spec: BoardSpec) -> Calibration:
    """The types' values, for a unit that nobody has calibrated."""
    return calibration_of(spec, {})


def load_calibration(path: Path, spec: BoardSpec) -> Calibration:
    """A calibration file, for that board. Raises InputError naming the file, the sensor and what would be right."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(str(path), "there is no such calibration file") from None
    except (OSError, ValueError) as error:
        raise InputError(str(path), f"cannot be read as JSON: {error}") from error
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise InputError(str(path), "is no calibration", f"an object with 'schema': {SCHEMA}")
    sensors = _sensors(spec)
    for gas in data:
        if gas not in ("schema", "made") and gas not in sensors:
            raise InputError(f"{path}: {gas}", f"board {spec.name} has no such sensor", f"one of {', '.join(sensors)}")
    values: dict[str, int] = {}
    for gas, sensor in sensors.items():
        key = _key(sensor)
        if key is not None:
            values[gas] = _own_value(data.get(gas), sensor, key, f"{path}: {gas}")
    return replace(calibration_of(spec, values), made=_made(data.get("made"), f"{path}: made"))


def _made(text: Any, where: str) -> datetime.date | None:
    if text is None:
        return None
    try:
        return datetime.date.fromisoformat(text)
    except (TypeError, ValueError):
        raise InputError(where, f"{text!r} is no date", "the day of the calibration, such as 2026-11-25") from None


def _own_value(own: Any, sensor: CoSensor, key: str, where: str) -> int:
    if not isinstance(own, dict):
        raise InputError(where, "is missing", f"an object with 'part': '{sensor.part}' and '{key}'")
    if own.get("part") != sensor.part:
        raise InputError(f"{where}.part", f"{own.get('part')!r} is another sensor than the board's", f"'{sensor.part}'")
    nominal_value = int(getattr(sensor, key))
    low, high = nominal_value // MOST_FOLD, nominal_value * MOST_FOLD
    value = own.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InputError(f"{where}.{key}", f"{value!r} will not do", f"a whole number from {low} to {high}")
    return value
