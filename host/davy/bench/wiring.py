"""A rig's wiring as data: boards/rig_*/wiring.toml, checked against what its chip and its parts can do.

Every mistake is one InputError: file, key, what is wrong, what would be right. The rig reads its JSON as /wiring.json.
"""

from __future__ import annotations

import datetime
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from davy.bench.wiring_pins import check_parts, check_pins
from davy.bench.wiring_rules import TABLES, TOP, checked
from davy.errors import InputError
from davy.paths import BOARDS
from rig_protocol import messages

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

RIG_ESP32 = BOARDS / "rig_esp32" / "wiring.toml"
_EPOCH = datetime.date(1970, 1, 1)


@dataclass(frozen=True)
class Wiring:
    """What a rig has. `tables` are the file's, checked; `calibrated` is the date of the DAC's corrections, or None."""

    name: str
    description: str
    mcu: str
    valve: str
    calibrated: datetime.date | None
    tables: dict[str, dict[str, Any]]

    @property
    def outputs(self) -> frozenset[str]:
        """Names of davy.bench.rig.OUTPUTS."""
        found = set(self.tables.get("switch", {}))
        found |= {name for name, part in self.tables.get("dac", {}).items() if isinstance(part, dict)}
        found |= {"contact"} if "contact" in self.tables else set()
        return frozenset(found | ({"co_mode", "co_tenths_ppm"} if "co_module" in self.tables else set()))

    @property
    def inputs(self) -> frozenset[str]:
        """Names of davy.bench.rig.INPUTS."""
        return frozenset(self.tables.get("input", {})) | ({"contact"} if "contact" in self.tables else set())

    @property
    def readings(self) -> frozenset[str]:
        """Names of davy.bench.rig.READINGS."""
        coil = {"coil_ua", "coil_bus_uv"} if "current" in self.tables else set()
        return frozenset(self.tables.get("adc", {})) | coil

    def to_json_bytes(self) -> bytes:
        """What the rig reads as /wiring.json."""
        data: dict[str, Any] = {"schema": 1, "name": self.name, **self.tables}
        if self.calibrated is not None:
            data["calibrated_day"] = (self.calibrated - _EPOCH).days
        return json.dumps(data, sort_keys=True).encode()


def load_wiring(path: Path = RIG_ESP32) -> Wiring:
    """Raises InputError, which names the file and the key."""
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(str(path), f"cannot be read: {error}", "a wiring file is UTF-8 text") from error
    return parse_wiring(content, str(path))


def parse_wiring(content: str, where: str) -> Wiring:
    """A wiring out of a file's text; `where` names it in errors. Raises InputError."""
    try:
        data = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise InputError(where, f"is not TOML: {error}") from error
    values = checked(data, where)
    tables = {name: values[name] for name in TABLES if name in values}
    check_pins(tables, values["mcu"], where)
    check_parts(values, where)
    top = {key: values[key] for key in TOP if key not in ("schema", "calibrated")}
    return Wiring(**top, calibrated=_date(values["calibrated"], f"{where}: calibrated"), tables=tables)


def day_of(calibrated_day: int | None) -> str:
    """A date as a rig tells it, "" for none."""
    return "" if calibrated_day is None else (_EPOCH + datetime.timedelta(days=calibrated_day)).isoformat()


def _date(text: str, where: str) -> datetime.date | None:
    if not text:
        return None
    try:
        found = datetime.date.fromisoformat(text)
    except ValueError:
        raise InputError(where, f"{text!r} is no date", "YYYY-MM-DD, or empty for never") from None
    if not 0 <= (found - _EPOCH).days < messages.U16:
        raise InputError(where, f"{text} is no day of a calibration", "a day since 1970")
    return found
