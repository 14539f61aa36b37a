"""A unit's folder with its keys and label, made by `davy unit new` as a process: there whole, or not there."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from davy.station.child import Child
from davy.station.config import LABEL_FILES, Config
from davy.station.decide import Broke, Cause
from davy.station.desk import of_disk, one_line
from davy.station.lines import sync_folder
from davy.station.outcome import EXIT_INPUT
from davy.station.serials import Allocation

#: Of the folder that `davy unit new` makes.
UNIT_FILES = ("unit.json", "nvs.bin")
_SILENCE_S = 60.0
Spawn = Callable[[Sequence[str]], Child]


@dataclass(frozen=True)
class UnitMaker:
    """`argv` is how the tool is called."""

    argv: tuple[str, ...] = (sys.executable, "-m", "davy", "unit", "new")

    def command(self, config: Config, given: Allocation, calibration: Path | None, out: Path) -> list[str]:
        """The whole command line."""
        options = {
            "--ca": config.ca,
            "--serial": given.serial,
            "--prefix": config.prefix,
            "--board": config.board,
            "--batch": given.batch,
            "--settings": config.settings,
            "--calibration": calibration,
            "-o": out,
        }
        return [*self.argv, *[str(word) for pair in options.items() if pair[1] is not None for word in pair]]

    def make(self, config: Config, given: Allocation, spawn: Spawn) -> Path | Broke:
        """The unit's folder; one that is there is used again, so a reworked unit keeps its keys.

        It is made in a folder beside and renamed: a kill leaves no half of a unit, and no key of one.
        """
        folder = config.units / given.serial
        if all((folder / name).is_file() for name in UNIT_FILES):
            return folder
        calibration = None
        if config.calibrations is not None:
            calibration = config.calibrations / f"{given.mac.replace(':', '')}.json"
            if not calibration.is_file():
                return Broke(Cause.DESK, f"{calibration}: is missing; calibrate the unit and start it again")
        scratch = config.units / f".making-{given.serial}"
        try:
            shutil.rmtree(scratch, ignore_errors=True)
            scratch.mkdir(mode=0o700)
            ended = spawn(self.command(config, given, calibration, scratch)).run(lambda line: None, _SILENCE_S)
            if ended.exit == EXIT_INPUT:
                return Broke(Cause.INPUT, one_line(ended.error.removeprefix("davy: ")))
            made = [path for path in scratch.iterdir() if all((path / name).is_file() for name in UNIT_FILES)]
            if ended.exit != 0 or len(made) != 1:
                said = f": {ended.error}" if ended.error else ""
                return Broke(
                    Cause.DESK,
                    one_line(f"{given.serial}: no identity was made (exit {ended.exit}){said}") + "; start it again",
                )
            os.rename(made[0], folder)
            sync_folder(config.units)
            return folder
        except OSError as error:
            return Broke(Cause.DESK, str(of_disk(str(folder), error)))
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def label_command(words: Sequence[str], folder: Path, given: Allocation, prefix: str) -> list[str] | Broke:
    """The printer's command line for a unit; a value stands inside one word, whatever it holds."""
    values = {"serial": given.serial, "identifier": f"{prefix}/{given.serial}"}
    values.update({key: str(folder / name) for key, name in LABEL_FILES.items()})
    command = []
    for word in words:
        for key, value in values.items():
            if key in LABEL_FILES and f"{{{key}}}" in word and not Path(value).is_file():
                return Broke(Cause.DESK, f"{value}: is missing; make it with davy unit label and start the unit again")
            word = word.replace(f"{{{key}}}", value)
        command.append(word)
    return command
