"""A unit for a virtual device: made for one run by a CA of its own, known to nobody else."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

from davy.bench.device import KnownUnit
from davy.identity import Unit, create_ca, make_identifier, provision
from davy.image.boardparts import BoardSpec
from davy.image.calibration import Calibration
from davy.image.settings import Broker, Settings

BROKER_NAME = "broker.davy.lan"
PREFIX = "88.118.8"
_MQTT_STATE_MS, _SERIAL_STATE_MS = 10_000, 1_000


@dataclass(frozen=True)
class MadeUnit:
    """What the bench knows of it, and what its monitor must know."""

    known: KnownUnit
    unit: Unit


def make_unit(folder: Path, serial: str, spec: BoardSpec, calibration: Calibration) -> MadeUnit:
    """Reports in plain MQTT: virtual time stays repeatable. Raises InputError for a serial that will not do."""
    identifier = make_identifier(PREFIX, serial)
    ca = create_ca(folder / "ca")
    settings = Settings(
        broker=Broker(BROKER_NAME, 1883, tls=False), mqtt_state_ms=_MQTT_STATE_MS, serial_state_ms=_SERIAL_STATE_MS
    )
    now = datetime.datetime.now(datetime.timezone.utc)
    unit = provision(ca, identifier, spec, settings, calibration, now=now)
    return MadeUnit(KnownUnit(identifier, unit.serial, unit.nvs, ca.proof_secret(identifier)), unit)
