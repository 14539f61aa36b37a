"""A station from its start to its end: what is known, the units, the keys, and a clean stop."""

from __future__ import annotations

import os
import signal
import sys
import time
from datetime import datetime, timezone
from types import FrameType, TracebackType

from rich.console import Console
from rich.live import Live

from davy.errors import InputError
from davy.station.config import Config
from davy.station.desk import NotRecorded
from davy.station.flasher import Flasher
from davy.station.floor import Floor
from davy.station.history import History
from davy.station.inputs import check_inputs
from davy.station.keys import Keyboard
from davy.station.log import Log
from davy.station.screen import KEYS, change_line, render
from davy.station.serials import SerialFile
from davy.station.tally import exit_status
from davy.station.units import UnitMaker
from davy.station.worker import Desk, View

EXIT_INTERRUPTED = 130
_TICK_S = 0.1


def utc_now() -> datetime:
    """The station's clock."""
    return datetime.now(timezone.utc)


def run_station(config: Config, auto: bool, flasher: Flasher | None = None, unit_maker: UnitMaker | None = None) -> int:
    """Run until all is done (`auto`), the operator quits, or it is interrupted. The exit status.

    Raises InputError for what can be found before the first unit, NotRecorded when the log takes no record.
    """
    console = Console()
    keyed = not auto and sys.stdin.isatty() and console.is_terminal
    if not auto and not keyed:
        raise InputError("--auto", "is needed where no terminal is", "it starts each fixture once and ends")
    inputs = check_inputs(config)
    log = Log(config.log, utc_now)
    try:
        serials = SerialFile(config.serials, inputs.orders, utc_now, log.tell_torn)
        serials.known()
        desk = Desk(config, inputs.image_sha256, log, serials, flasher or Flasher(), unit_maker or UnitMaker())
        for line in History().take(log.records).tell(config.fixtures):
            console.print(line, markup=False, highlight=False, soft_wrap=True)
        log.records = []  # a long log is not kept in memory for a whole shift
        log.append(
            "station-start", name=config.name, board=config.board, firmware=inputs.firmware,
            image_sha256=inputs.image_sha256, fixtures=[fixture.name for fixture in config.fixtures],
        )  # fmt: skip
        with Interrupts() as interrupts:
            if keyed:
                floor = _by_keys(config, desk, console, interrupts)
            else:
                floor = _each_once(config, desk, console, interrupts)
        tally = floor.tally
        log.append("station-stop", passed=tally.passed, failed=tally.failed, not_judged=tally.not_judged)
        head = log.head
        console.print(f"{tally.words()}; {serials.free()} serials left", markup=False, highlight=False, soft_wrap=True)
        console.print(
            f"log: {head.seq} records, the newest is {head.line_sha256}", markup=False, highlight=False, soft_wrap=True
        )
        return EXIT_INTERRUPTED if interrupts.came else exit_status(tally.last.values())
    finally:
        log.close()


def _each_once(config: Config, desk: Desk, console: Console, interrupts: Interrupts) -> Floor:
    if console.is_terminal:
        with _live(console) as live:
            return _work(config, Floor(desk, lambda view: None), live, None, interrupts)
    shown: dict[int, str] = {}

    def tell(view: View) -> None:
        line = change_line(view)
        if shown.get(view.fixture.number) != line:
            shown[view.fixture.number] = line
            console.print(f"{utc_now():%H:%M:%S}  {line}", markup=False, highlight=False, soft_wrap=True)

    return _work(config, Floor(desk, tell), None, None, interrupts)


def _by_keys(config: Config, desk: Desk, console: Console, interrupts: Interrupts) -> Floor:
    with Keyboard() as keyboard, _live(console) as live:
        return _work(config, Floor(desk, lambda view: None), live, keyboard, interrupts)


def _live(console: Console) -> Live:
    return Live(console=console, auto_refresh=False, vertical_overflow="visible")


def _work(config: Config, floor: Floor, live: Live | None, keyboard: Keyboard | None, interrupts: Interrupts) -> Floor:
    """The loop of the main thread. Raises NotRecorded when a fixture met it, after all have ended."""
    began_s, seen = time.monotonic(), os.isatty(1)
    operator = Operator(floor, KEYS if keyboard else "each fixture once; Ctrl-C stops")
    if keyboard is None:
        for fixture in config.fixtures:
            floor.start(fixture.number)

    def show() -> None:
        if live is not None:
            view = render(config.name, floor.views(), floor.tally, time.monotonic() - began_s, operator.prompt)
            try:
                live.update(view, refresh=True)
                gone = seen and not os.isatty(1)  # rich then writes nothing, and so meets no error
            except OSError:
                gone = True
            if gone and not interrupts.came:
                interrupts.terminal_gone()

    try:
        while not interrupts.came and floor.trouble is None:
            show()
            if keyboard is None:
                time.sleep(_TICK_S)
            else:
                operator.press(keyboard.read(_TICK_S))
            if not floor.busy() and (operator.leaving or keyboard is None):
                break
    except EOFError:
        interrupts.terminal_gone()
    finally:
        floor.end()
    operator.prompt = ""
    show()
    if isinstance(floor.trouble, NotRecorded):
        raise floor.trouble
    return floor


class Operator:
    """What the keys do."""

    def __init__(self, floor: Floor, prompt: str = KEYS) -> None:
        self._floor = floor
        self._stopping = False
        self.leaving = False
        self.prompt = prompt

    def press(self, keys: str) -> None:
        """Any number of keys, in their order."""
        for key in keys:
            self._press(key)

    def _press(self, key: str) -> None:
        stopping, self._stopping = self._stopping, key == "s"
        if key == "q":
            if self.leaving:
                self._floor.stop_all()
            self.leaving = True
        elif key == "s":
            pass
        elif key.isdigit() and key.isascii():
            if stopping:
                self._floor.stop(int(key))
            elif not self.leaving:
                self._floor.start(int(key))
        elif key == "a" and not self.leaving:
            for view in self._floor.views():
                self._floor.start(view.fixture.number)
        self.prompt = (
            "leaving when the last fixture has ended; q once more stops them"
            if self.leaving
            else "stop which fixture? press its number"
            if self._stopping
            else KEYS
        )


class Interrupts:
    """Ctrl-C, an end that is asked for, and a terminal that has gone: `came` is what the loop asks."""

    def __init__(self) -> None:
        self.came = False

    def __enter__(self) -> Interrupts:
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        self._before = {number: signal.signal(number, self._note) for number in numbers}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.came = True

    def terminal_gone(self) -> None:
        """Nobody sees anything any more; what is still said must not keep the station from ending well."""
        self.came = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
