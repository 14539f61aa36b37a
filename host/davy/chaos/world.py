"""What all runs of a harness share, made once: a CA, units, certificates of broker, monitor and stranger, and a registry.

Making a unit takes longer than a run; its identity is the same in every run, its flash and the database are new in each.
"""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from davy.chaos.plan import IMPOSTOR, REVOKED, TWIN, UNIT, UNKNOWN
from davy.identity import Ca, Unit, create_ca, issue_peer, make_identifier, provision, write_unit
from davy.image.boardfile import load_board
from davy.image.boardparts import BoardSpec
from davy.image.build import Image, build_image
from davy.image.calibration import nominal
from davy.image.settings import Broker, Settings
from davy.monitor import registry
from davy.monitor.schema import open_database
from davy.paths import FIRMWARE

SERVER_FOLDER, MONITOR_FOLDER, STRANGER_FOLDER = "server", "monitor", "stranger"
BOARD = "virtual"
BROKER_NAME = "broker.davy.lan"
#: As many as a plan's cast has.
_UNITS = 3
_PREFIX = "88.118.8"
_REGISTRY = "registry.sqlite"
#: Virtual ms: the monitor's picture need not be fresher, and the line says soon what still waits.
_MQTT_STATE_MS, _SERIAL_STATE_MS = 10_000, 1_000


@dataclass(frozen=True)
class Member:
    """Who a board of a run is: `nvs` is its record's file, None of no unit."""

    part: str
    identifier: str
    nvs: Path


@dataclass(frozen=True)
class World:
    """`tls`: units and monitor report over TLS. Nothing in it changes after it was made."""

    folder: Path
    tls: bool
    spec: BoardSpec
    image: Image

    @classmethod
    def load(cls, folder: Path, firmware: Path = FIRMWARE) -> World:
        """What `make_world` wrote. `firmware`: another tree, for a test of what chaos must find."""
        told = json.loads((folder / "world.json").read_text())
        spec = load_board(BOARD)
        return cls(folder, told["tls"], spec, build_image(spec, Settings.wired_only(), firmware))

    def cast(self, parts: tuple[str, ...]) -> list[Member]:
        """Units in their order; a twin and an impostor take the identity of the first."""
        found, units = [], 0
        for part in parts:
            number = units if part == UNIT else 0
            units += part == UNIT
            identifier = _identifier(UNIT if part in (TWIN, IMPOSTOR) else part, number)
            record = self.folder / "records" / f"{UNIT if part == TWIN else part}-{number}.bin"
            found.append(Member(part, identifier, record))
        return found

    def new_database(self, path: Path) -> None:
        """A monitor's database in which the units are enrolled, and nothing has happened yet."""
        shutil.copyfile(self.folder / _REGISTRY, path)
        path.chmod(0o600)


def make_world(folder: Path, tls: bool, units: int = _UNITS) -> World:
    """Make everything in a new or empty folder. Nobody else may enter it: there are keys in it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    records, folders = folder / "records", folder / "units"
    records.mkdir()
    folders.mkdir()
    ca, other = create_ca(folder / "ca"), create_ca(folder / "other-ca", "somebody else")
    enrolled: list[Unit] = []
    for part, number, maker in (
        *((UNIT, number, ca) for number in range(units)),
        (REVOKED, 0, ca),
        (UNKNOWN, 0, ca),
        (IMPOSTOR, 0, other),
    ):
        unit = _made(maker, _identifier(UNIT if part == IMPOSTOR else part, number), tls)
        (records / f"{part}-{number}.bin").write_bytes(unit.nvs)
        if part in (UNIT, REVOKED):
            write_unit(unit, folders)
            enrolled.append(unit)
    # The built-in broker wants a certificate that is a monitor's as well.
    issue_peer(ca, folder / SERVER_FOLDER, server=[BROKER_NAME, "127.0.0.1", "localhost"], monitor="broker")
    issue_peer(ca, folder / MONITOR_FOLDER, monitor="monitor")
    issue_peer(ca, folder / STRANGER_FOLDER, monitor="stranger")
    _enrol(folder / _REGISTRY, ca, [folders / unit.serial for unit in enrolled])
    (folder / "world.json").write_text(json.dumps({"tls": tls}))
    return World.load(folder)


def _identifier(part: str, number: int) -> str:
    return make_identifier(_PREFIX, f"CHAOS-{part.upper()}-{number}")


def _made(ca: Ca, identifier: str, tls: bool) -> Unit:
    spec = load_board(BOARD)
    settings = Settings(
        broker=Broker(BROKER_NAME, 8883 if tls else 1883, tls=tls),
        mqtt_state_ms=_MQTT_STATE_MS,
        serial_state_ms=_SERIAL_STATE_MS,
    )
    return provision(ca, identifier, spec, settings, nominal(spec))


def _enrol(path: Path, ca: Ca, folders: list[Path]) -> None:
    now_ms = time.time_ns() // 1_000_000
    db = open_database(path)
    try:
        registry.enrol(db, [registry.read_enrolment(folder, ca) for folder in folders], now_ms)
        registry.revoke(db, _identifier(REVOKED, 0), "stolen", now_ms)
    finally:
        db.close()  # the last one to close leaves one file, to be copied
