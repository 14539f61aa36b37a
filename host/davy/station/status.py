"""What a station's files know, without disturbing a station that works on them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from davy.errors import InputError
from davy.station.config import load_config
from davy.station.history import History
from davy.station.log import is_written, read_log
from davy.station.serials import SerialFile
from davy.station.session import utc_now
from davy.station.workorder import load_work_order


@dataclass(frozen=True)
class Status:
    """Counts are of units, by their newest verdict; `tries` are runs of the flashing tool; `open` lacks a verdict."""

    name: str
    running: bool
    fixtures: list[str]
    open: list[str]
    passed: int
    failed: int
    not_judged: int
    rework: int
    tries: int
    serials_given: int
    serials_free: int


def look(file: Path) -> Status:
    """Raises InputError, for a log that is broken too; a tail that is just being written is not."""
    config = load_config(file)
    orders = load_work_order(config.work_order)
    serials = SerialFile(config.serials, orders, utc_now)
    history = History()
    if config.log.exists():
        records, _, broken = read_log(config.log)
        if broken is not None and not broken.what.startswith("torn"):
            raise InputError(f"{config.log}:{broken.line}", broken.what, "davy station verify says more")
        history.take(records)
    running = is_written(config.log)
    still_open = [known for known in history.fixtures.values() if known.open]
    return Status(
        config.name,
        running,
        history.tell(config.fixtures, running),
        [known.serial for known in still_open],
        history.count("passed"),
        history.count("failed"),
        history.count("not judged"),
        len(history.reworked),
        history.tries,
        len(serials.known()),
        serials.free(),
    )


def to_lines(found: Status) -> list[str]:
    """For people."""
    return [
        f"station {found.name} {'is running' if found.running else 'is not running'}",
        *found.fixtures,
        f"{found.passed} passed, {found.failed} failed, {found.not_judged} not judged; {found.rework} came back as rework; "
        f"{found.tries} tries",
        f"without a verdict: {', '.join(found.open) or 'none'}",
        f"serials: {found.serials_given} given, {found.serials_free} left",
    ]
