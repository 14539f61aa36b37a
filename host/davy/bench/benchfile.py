"""A bench's file: where its rig and its device are, and what it knows of the units that come into the fixture. docs/bench.md has it all."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from davy.bench.record_file import safe_name
from davy.errors import InputError
from davy.paths import FIRMWARE

_HINT = "docs/bench.md shows every key"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RigPart(_Part):
    """`port` as pyserial takes it; `wiring` a file, or empty for the shipped one."""

    port: str
    wiring: Path | None = None


class DevicePart(_Part):
    """Ports as pyserial takes them. `lines`: the one whose DTR and RTS reset the chip, when it is not `console`."""

    console: str = ""
    wired: str = ""
    lines: str = ""
    baud: Annotated[int, Field(ge=9_600, le=3_000_000)] = 921_600

    @model_validator(mode="after")
    def _reachable(self) -> DevicePart:
        if not self.console and not self.wired:
            raise ValueError("needs a console or a wired line")
        return self


class SwitchPart(_Part):
    """Commands that switch the bench's access point, each a list of words."""

    up: list[str]
    down: list[str]


class NetworkPart(_Part):
    """A broker of the bench's own, by TLS, at the address that its units report to. `server`, `monitor`: folders of davy ca issue."""

    listen: str = "0.0.0.0:8883"
    server: Path
    monitor: Path
    access_point: SwitchPart | None = None


class LabgridPart(_Part):
    """See docs/labgrid.md."""

    coordinator: str = ""
    place: str = ""
    tags: dict[str, str] = {}
    wait_s: Annotated[float, Field(ge=0, le=86_400)] = 0


class BenchFile(_Part):
    """One of `emulated` (the control port of davy bench emulate), `labgrid`, or `rig` and `device`.

    `units`: the folder with the units' folders; `ca`: of their CA, without which nothing is sealed and no proof asked for; `release`:
    what is put on a device, made by davy image. `calibrated`: the day of the bench's own calibration. `speed`: of an emulator
    that runs freely.
    """

    schema_: Annotated[Literal[1], Field(alias="schema")]
    name: Annotated[str, Field(min_length=1)]
    board: str = "virtual"
    calibrated: datetime.date | None = None
    emulated: Annotated[str, Field(pattern=r"^([^\s:]+:[0-9]{1,5})?$")] = ""
    labgrid: LabgridPart | None = None
    rig: RigPart | None = None
    device: DevicePart | None = None
    units: Path | None = None
    ca: Path | None = None
    release: Path | None = None
    network: NetworkPart | None = None
    speed: Annotated[float, Field(gt=0, le=1_000)] = 1.0

    @model_validator(mode="after")
    def _one_way(self) -> BenchFile:
        ways = [bool(self.emulated), self.labgrid is not None, self.rig is not None]
        if sum(ways) != 1:
            raise ValueError("needs one of emulated, labgrid, or rig with device")
        if self.rig is not None and (self.device is None or self.units is None):
            raise ValueError("a rig needs the device's lines (device) and its units' folder (units) beside it")
        return self


def load_bench_file(path: Path) -> BenchFile:
    """Paths in it are taken from its own folder. Raises InputError naming the file, the key and what would be right."""
    try:
        told: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(str(path), "there is no such bench file", "davy bench emulate -o FILE writes one") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(str(path), f"cannot be read as YAML: {' '.join(str(error).split())}", _HINT) from error
    if not isinstance(told, dict):
        raise InputError(str(path), "is no bench file", _HINT)
    try:
        found = BenchFile.model_validate(told)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(each) for each in first["loc"]) or "the file"
        said = "is no HOST:PORT" if where == "emulated" else first["msg"].removeprefix("Value error, ")
        raise InputError(f"{path}: {where}", said, _HINT) from error
    try:
        safe_name(found.name)
    except InputError as error:
        raise InputError(f"{path}: name", error.problem, error.hint) from error
    return _with_folder(found, path.parent)


def check_firmware(name: str, firmware: Path) -> None:
    """A bench of real parts writes the release of its file, or nothing. Raises InputError for another tree than davy's own."""
    if firmware.resolve() != FIRMWARE.resolve():
        raise InputError(
            "--firmware",
            f"bench {name} is of real parts, and takes its program from a release",
            "release: FOLDER in its file, made by davy image in the checkout that has this firmware",
        )


def _with_folder(found: BenchFile, folder: Path) -> BenchFile:
    def at(part: Path | None) -> Path | None:
        return folder / part if part is not None else None

    changes: dict[str, Any] = {key: at(getattr(found, key)) for key in ("units", "ca", "release")}
    if found.rig is not None:
        changes["rig"] = found.rig.model_copy(update={"wiring": at(found.rig.wiring)})
    if found.network is not None:
        network = found.network
        changes["network"] = network.model_copy(
            update={"server": folder / network.server, "monitor": folder / network.monitor}
        )
    return found.model_copy(update=changes)
