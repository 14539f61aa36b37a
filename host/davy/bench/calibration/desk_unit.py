"""The unit on the calibrating desk, by its console: who it is, what it measures, its new number, and its restart."""

from __future__ import annotations

import datetime
from collections.abc import Callable

from davy import codec
from davy.bench.calibration.sensing import Climate, Sensing
from davy.bench.clock import Clock, wait_until
from davy.bench.device import Device, KnownUnit
from davy.bench.errors import BenchError
from davy.bench.lines import FrameLine
from davy.image.boardparts import BoardSpec
from protocol import messages

_ANYONE = bytes(8)
#: Above every id that a monitor gives; the session that saw it ends with the restart.
_FIRST_ID = 4_000_000_000
_OUTCOME_WITHIN_S = 3.0
_TRIES = 3
_RESTART_WITHIN_S = 30.0
_EPOCH = datetime.date(1970, 1, 1)
#: What the unit's own part may be off (SHT3x: 0.2 degC and 2 %RH typical, 0.5 and 4 with age and a warm case).
_DEGC_OFF, _RH_OFF = 0.5, 4.0


class DeskUnit:
    """`restart` makes the program start anew. Everything raises BenchError (cause `device`) when the unit is silent."""

    def __init__(
        self, line: FrameLine, clock: Clock, known: KnownUnit, spec: BoardSpec, restart: Callable[[], None]
    ) -> None:
        self.clock = clock
        self.device = Device(line, clock, known, last_command_id=_FIRST_ID)
        self.hello: codec.Hello | None = None
        self._spec, self._known = spec, known
        self._restart = restart

    def meet(self) -> codec.Hello:
        """Who is there: raises BenchError unless it is the unit of the folder, of this protocol, with its own secret."""
        hello = self.device.hello()
        self.hello = hello
        where = f"unit {self._known.identifier}"
        if hello.identifier != self._known.identifier:
            found = hello.identifier or "a unit without identifier"
            raise BenchError("device", where, f"on the line is {found}", "plug in the right unit, or name its folder")
        if hello.schema_checksum != messages.schema_checksum():
            raise BenchError("device", where, "speaks another protocol than this davy", "flash it with this davy first")
        if hello.board.rstrip(b"\0") != self._spec.name.encode()[:16]:
            raise BenchError(
                "device", where, f"runs a program for another board than {self._spec.name}", "flash it again"
            )
        if not self.device.proves_itself():
            raise BenchError(
                "device", where, "does not prove that it is this unit", "is its record its folder's? flash it again"
            )
        return hello

    def readings(self) -> tuple[float, codec.Readings]:
        """(seconds since its start, what it measures now)."""
        found = self.device.ask(codec.Query(_ANYONE, codec.QueryKind.READINGS), codec.Readings)
        if found is None:
            raise BenchError(
                "device", f"unit {self._known.identifier}", "has fallen silent", "look at its supply and its cable"
            )
        at_ms = next(frame.uptime_ms for _, frame in reversed(self.device.heard) if frame.message == found)
        return at_ms / 1000.0, found

    def state(self) -> codec.State:
        return self.device.state()

    def put(self, sensing: Sensing, value: int, day: datetime.date | None) -> codec.Outcome | None:
        """Let it keep a number and the day of it, in one write; what became of it, None without an answer. In force when it restarts.

        A day of None is one that is not known; a value of 0 takes the calibration away.
        """
        days = 0 if day is None else (day - _EPOCH).days
        outcome = None
        for _ in range(_TRIES):
            if self._set(codec.Setting.CALIBRATION_DAY, days) is not codec.Outcome.DONE:
                continue
            outcome = self._set(sensing.setting, value)
            if outcome is not None:
                return outcome
        return outcome

    def restart(self) -> None:
        """Let the program start anew, and wait until it answers. Raises BenchError when it does not."""
        self.device.state()
        before = self.device.session
        self._restart()

        def is_new() -> bool:
            self.device.send(codec.Query(_ANYONE, codec.QueryKind.HELLO))
            return any(frame.session != before for frame in self.device.listen())

        if not wait_until(self.clock, is_new, _RESTART_WITHIN_S, 1.0):
            raise BenchError(
                "device",
                f"unit {self._known.identifier}",
                "did not start anew",
                "press its reset button, and calibrate again",
            )
        self.hello = self.device.hello()

    def _set(self, setting: codec.Setting, value: int) -> codec.Outcome | None:
        self.device.state()  # its session, and somebody who listens
        command_id = self.device.command(codec.CommandKind.SET, setting, value, sealed=True)
        found: list[codec.Outcome] = []

        def answered() -> bool:
            events = self.device.events(codec.EventKind.COMMAND)
            found.extend(codec.Outcome(event.value) for event in events if event.command_id == command_id)
            return bool(found)

        return found[0] if wait_until(self.clock, answered, _OUTCOME_WITHIN_S) else None


def voltage_of(gas: str, readings: codec.Readings) -> tuple[codec.Status, int | None]:
    """(status, uV) of a gas's sensor."""
    if gas == "methane":
        return codec.Status(readings.methane_status), readings.methane_uv
    return codec.Status(readings.co_status), readings.co_uv


def number_of(sensing: Sensing, readings: codec.Readings) -> int | None:
    """The sensor's number that is in force, None without a calibration."""
    number: int | None = getattr(readings, sensing.setting.name.lower())
    return number


def climate_of(readings: codec.Readings, by_hand: Climate | None) -> Climate | None:
    """As a person measured it, else as the unit's own part does; None when neither does."""
    if by_hand is not None or readings.climate_status != codec.Status.OK:
        return by_hand
    return Climate(readings.temperature_cdegc / 100, readings.humidity_permille / 10, _DEGC_OFF, _RH_OFF)


def day_of(readings: codec.Readings) -> datetime.date | None:
    """The day of the calibration that is in force."""
    days = readings.calibration_day
    return None if days is None else _EPOCH + datetime.timedelta(days=days)
