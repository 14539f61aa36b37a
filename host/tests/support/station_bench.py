"""A whole production station in a folder: real release, CA, work order and identities; boards whose flashing is scripted."""

from __future__ import annotations

import functools
import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import psutil

from davy.identity.ca import create_ca
from davy.image.boardfile import load_board
from davy.image.release import Release, build_release, write_release
from davy.station.chain import Record
from davy.station.log import Log, read_log

BOARD = "devkit_mq"
SCRIPTED = Path(__file__).with_name("scripted_flash.py")

#: A station whose flashing tool is the scripted one: `DRIVER STATION.toml FLASH_FOLDER [--auto] [--most-bytes N]`.
DRIVER = f"""
import resource, signal, sys
from pathlib import Path
from davy.errors import InputError
from davy.station.config import load_config
from davy.errors import DeskError
from davy.station.flasher import Flasher
from davy.station.session import run_station
if "--most-bytes" in sys.argv:
    most = int(sys.argv[sys.argv.index("--most-bytes") + 1])
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
try:
    flasher = Flasher((sys.executable, {str(SCRIPTED)!r}, sys.argv[2]))
    sys.exit(run_station(load_config(Path(sys.argv[1])), "--auto" in sys.argv, flasher))
except InputError as error:
    print(f"davy: {{error}}", file=sys.stderr)
    sys.exit(2)
except DeskError as error:
    print(f"davy: {{error}}", file=sys.stderr)
    sys.exit(3)
"""

TOML = """
schema = 1
name = "line 1"
board = "devkit_mq"
prefix = "88.118.8"
image = "release"
ca = "ca"
units = "units"
work_order = "work.csv"
serials = "serials.jsonl"
log = "station.log"
silence_s = 60
{more}
{fixtures}
[limits]
temperature_cdegc = [500, 4500]
faults = [0, 0]
{tables}
"""


@functools.lru_cache(maxsize=1)
def _release() -> Release:
    return build_release(load_board(BOARD))


def mac(number: int) -> str:
    """Of the unit that lies on fixture `number`."""
    return f"24:0a:c4:00:00:{number:02x}"


@dataclass(frozen=True)
class Done:
    """A station that has ended."""

    status: int
    out: str
    errors: str

    def lines(self, part: str) -> list[str]:
        """Those of stdout that hold a text, without their time."""
        return [re.sub(r"^\d\d:\d\d:\d\d  ", "", line) for line in self.out.splitlines() if part in line]


class Bench:
    """In `folder`: station.toml and what it names; in `folder/flash` the scripts of the boards."""

    def __init__(self, folder: Path, tries: Sequence[Sequence[str]], more: str = "", tables: str = "") -> None:
        """One fixture for each of `tries`: what the flashing of its board does, try by try."""
        self.folder = folder
        self.toml = folder / "station.toml"
        self.flash = folder / "flash"
        self.flash.mkdir()
        (folder / "work.csv").write_text("order,batch,serial_from,quantity\nWO-1,2026-07,GA26000001,20\n")
        create_ca(folder / "ca")
        write_release(_release(), folder / "release")
        fixtures = "".join(f'[[fixture]]\nport = "p{number}"\n' for number in range(1, len(tries) + 1))
        self.toml.write_text(TOML.format(more=more, fixtures=fixtures, tables=tables))
        for number, does in enumerate(tries, 1):
            self.script(number, {"mac": mac(number), "tries": list(does)})

    def script(self, number: int, script: Mapping[str, Any]) -> None:
        """Put another board on a fixture, or have it behave anew."""
        (self.flash / f"p{number}.json").write_text(json.dumps(script))
        (self.flash / f"p{number}.calls").unlink(missing_ok=True)

    def calls(self, number: int) -> list[dict[str, Any]]:
        """How the flashing tool was called: `pid` and `arguments`."""
        path = self.flash / f"p{number}.calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def command(self, *options: str) -> list[str]:
        return [sys.executable, "-c", DRIVER, str(self.toml), str(self.flash), *options]

    def start(self, *options: str) -> subprocess.Popen[str]:
        """A station at work, its lines unread."""
        command = [self.command(*options)[0], "-u", *self.command("--auto", *options)[1:]]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, *options: str) -> Done:
        """Each fixture once, to the end."""
        done = subprocess.run(
            self.command("--auto", *options), capture_output=True, text=True, check=False, timeout=100
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def with_long_log(self) -> int:
        """Bytes of the log after a first long record: it outgrows every file of an identity, so that a limit meets it alone."""
        log = Log(self.folder / "station.log", lambda: datetime(2026, 7, 1, tzinfo=timezone.utc))
        log.append("note", text="x" * 60_000)
        log.close()
        return (self.folder / "station.log").stat().st_size

    def records(self, kind: str = "") -> list[Record]:
        """Of a log that is whole."""
        records, _, broken = read_log(self.folder / "station.log")
        assert broken is None, broken
        return [record for record in records if kind in ("", record.kind)]

    def serials(self) -> dict[str, str]:
        """MAC -> serial, and neither twice."""
        lines = [json.loads(line) for line in (self.folder / "serials.jsonl").read_text().splitlines()]
        found = {line["mac"]: line["serial"] for line in lines}
        assert len(found) == len(lines) == len(set(found.values()))
        return found


def read_until(process: subprocess.Popen[str], part: str) -> str:
    """Lines up to the one that holds `part`."""
    assert process.stdout is not None
    heard = []
    for line in process.stdout:
        heard.append(line)
        if part in line:
            return "".join(heard)
    raise AssertionError(f"{part!r} never came: {''.join(heard)}")


def lives(pid: int) -> bool:
    """Whether the process runs now."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def gone(pid: int) -> bool:
    """Whether the process has ended, at once or within moments; one that nobody has reaped has ended too."""
    try:
        process = psutil.Process(pid)
        process.wait(10)
    except psutil.NoSuchProcess:
        pass
    except psutil.TimeoutExpired:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    return True
