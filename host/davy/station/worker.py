"""One fixture at work: does what the core decides, tells the log before anyone else, and shows where it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from davy.errors import DeskError, InputError
from davy.station.child import Child
from davy.station.config import Config, Fixture
from davy.station.decide import (
    Action,
    Allocated,
    Broke,
    Cause,
    Event,
    Flashed,
    Labelled,
    Progress,
    Stage,
    Start,
    Stepped,
    Stop,
    decide,
)
from davy.station.desk import NotRecorded
from davy.station.flasher import Flasher, flash, probe
from davy.station.log import Log
from davy.station.outcome import Expected, complaints
from davy.station.ports import Plugged, plugged, resolve
from davy.station.serials import Allocation, SerialFile
from davy.station.units import UnitMaker, label_command

#: Where a step of the flashing tool lies in the bar of a whole try.
_SPANS = {
    "connect": (0.0, 0.04), "read": (0.04, 0.1), "write": (0.1, 0.75), "verify": (0.75, 0.85),
    "reset": (0.85, 0.87), "hello": (0.87, 0.9), "self_test": (0.9, 1.0),
}  # fmt: skip
_LABEL_SILENCE_S = 30.0


@dataclass(frozen=True)
class View:
    """What can be seen of a fixture; `fraction` 0..1 is of the try that runs, `detail` in the tool's own words."""

    fixture: Fixture
    progress: Progress
    port: str = ""
    fraction: float = 0.0
    detail: str = ""


class Claims:
    """Which fixture works on which unit: a unit is never on two at once."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._held: dict[str, Fixture] = {}

    def take(self, mac: str, fixture: Fixture) -> Fixture | None:
        """None when it is yours, else the fixture that has it."""
        with self._mutex:
            holder = self._held.setdefault(mac, fixture)
            return None if holder is fixture else holder

    def drop(self, fixture: Fixture) -> None:
        """Whatever the fixture had."""
        with self._mutex:
            self._held = {mac: holder for mac, holder in self._held.items() if holder is not fixture}


@dataclass(frozen=True)
class Desk:
    """What the fixtures of a station share."""

    config: Config
    image_sha256: str
    log: Log
    serials: SerialFile
    flasher: Flasher
    unit_maker: UnitMaker
    ports: Callable[[], list[Plugged]] = plugged
    claims: Claims = field(default_factory=Claims)


class Worker:
    """`run` takes one unit from start to verdict, in a thread of its own; `stop` may come from any."""

    def __init__(self, fixture: Fixture, desk: Desk, on_change: Callable[[View], None]) -> None:
        self._fixture = fixture
        self._desk = desk
        self._on_change = on_change
        self._mutex = threading.Lock()
        self._stopping = False
        self._child: Child | None = None
        self._given: Allocation | None = None
        self._folder = Path()
        self._now = Progress(fixture.bauds)
        #: What may be shown: a verdict only once it is recorded.
        self.view = View(fixture, self._now)

    def stop(self) -> None:
        """End what runs and give no verdict."""
        with self._mutex:
            self._stopping = True
            child = self._child
        if child is not None:
            child.stop()

    def run(self) -> Progress:
        """The end of it, recorded. Raises NotRecorded; the view then says that nothing was passed."""
        action = self._decide(Start())
        try:
            while action is not Action.FINISH:
                self._show(fraction=0.0, detail="")
                event = self._do(action)
                action = self._decide(Stop() if self._stopping else event)
            now = self._now
            self._record(
                "unit-end",
                verdict=now.stage.value,
                cause=now.cause.value,
                text=now.text,
                tries=now.attempt,
                rework=now.rework,
            )
        except NotRecorded:
            self._now = replace(self._now, stage=Stage.NOT_JUDGED, cause=Cause.DESK, text="not recorded: not passed")
            raise
        finally:
            self._desk.claims.drop(self._fixture)
            self._show(fraction=0.0, detail="")
        return self._now

    def _do(self, action: Action) -> Event:
        try:
            return {
                Action.PROBE: self._probe,
                Action.ALLOCATE: self._allocate,
                Action.FLASH: self._flash,
                Action.LABEL: self._label,
            }[action]()
        except NotRecorded:
            raise
        except InputError as error:
            return Broke(Cause.INPUT, str(error))
        except DeskError as error:
            return Broke(Cause.DESK, str(error))

    def _probe(self) -> Event:
        self._show(port=resolve(self._fixture, self._desk.ports() if self._fixture.usb else ()))
        child = self._spawn(self._desk.flasher.probe_command(self.view.port, self._fixture.lines))
        return probe(child, self.view.port, self._desk.config.silence_s)

    def _allocate(self) -> Event:
        mac = self._now.mac
        other = self._desk.claims.take(mac, self._fixture)
        if other is not None:
            return Broke(Cause.DESK, f"{mac} is on {other} already; check the ports of both")
        given = self._given = self._desk.serials.allocate(mac)
        self._record("unit-start", order=given.order, batch=given.batch, rework=given.known)
        made = self._desk.unit_maker.make(self._desk.config, given, self._spawn)
        if isinstance(made, Broke):
            return made
        self._folder = made
        return Allocated(given.serial, given.known)

    def _flash(self) -> Event:
        now, config = self._now, self._desk.config
        self._record("attempt-start", **{"try": now.attempt, "baud": now.baud})
        child = self._spawn(
            self._desk.flasher.flash_command(
                self.view.port, self._fixture.lines, now.mac, now.baud, config.image, self._folder
            )
        )
        outcome = flash(child, now.mac, config.silence_s, self._step)
        told: dict[str, Any] = {"try": now.attempt, "baud": now.baud}
        if self._stopping or isinstance(outcome, Broke):
            text = outcome.text if isinstance(outcome, Broke) else "stopped"
            self._record("attempt-end", **told, verdict="stopped" if self._stopping else "error", text=text)
            return outcome if isinstance(outcome, Broke) else Stop()
        expected = Expected(now.mac, f"{config.prefix}/{now.serial}", self._desk.image_sha256, config.limits)
        found = complaints(outcome.record, expected) if outcome.verdict == "pass" else ()
        self._record(
            "attempt-end", **told, verdict="fail" if found else outcome.verdict, step=outcome.step, text=outcome.text,
            complaints=list(found), record=outcome.record,
        )  # fmt: skip
        return Flashed(outcome, found)

    def _label(self) -> Event:
        assert self._given is not None
        config = self._desk.config
        command = label_command(config.label_command, self._folder, self._given, config.prefix)
        if isinstance(command, Broke):
            self._record("label", verdict="error", text=command.text)
            return command
        if command:
            ended = self._spawn(command).run(lambda line: None, _LABEL_SILENCE_S)
            if ended.exit != 0:
                said = f"the label was not printed: {command[0]} exited with {ended.exit}" + (
                    f": {ended.error}" if ended.error else ""
                )
                self._record("label", verdict="error", text=said)
                return Broke(Cause.DESK, f"{said}; mend the printer and start the unit again (it keeps its serial)")
        self._record("label", verdict="printed" if command else "not asked for", text="")
        return Labelled()

    def _step(self, step: str, fraction: float | None, text: str) -> None:
        self._decide(Stepped(step))
        low, high = _SPANS.get(step, (self.view.fraction, self.view.fraction))
        # Parts are written and verified in turn: the bar never runs back within a try.
        reached = max(self.view.fraction, low + (high - low) * (fraction or 0.0))
        self._show(fraction=reached, detail=text or step)

    def _spawn(self, argv: Sequence[str]) -> Child:
        child = Child(argv, (self._desk.log.lock_fd,))
        with self._mutex:
            self._child = child
            stopping = self._stopping
        if stopping:
            child.stop()
        return child

    def _record(self, kind: str, **fields: Any) -> None:
        serial = self._given.serial if self._given else ""
        who = {"fixture": self._fixture.name, "port": self.view.port, "mac": self._now.mac, "serial": serial}
        self._desk.log.append(kind, **who, **fields)

    def _decide(self, event: Event) -> Action:
        self._now, action = decide(self._now, event)
        return action

    def _show(self, **changes: Any) -> None:
        self.view = replace(self.view, progress=self._now, **changes)
        self._on_change(self.view)
