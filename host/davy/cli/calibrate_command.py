"""`davy calibrate`: a unit's sensor by clean air and span gas."""

from __future__ import annotations

import contextlib
import datetime
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from davy.errors import EXIT_FAILED, EXIT_OK, InputError

if TYPE_CHECKING:
    from davy.bench.calibration.desk_unit import DeskUnit
    from davy.bench.calibration.guide import Course, Gas, Job
    from davy.bench.calibration.rehearsal import Rehearsal
    from davy.bench.calibration.sensing import Climate
    from davy.bench.calibration.unit_files import UnitFiles

_MOST_TOLERANCE_PERCENT = 20.0
_REHEARSED = "REHEARSED-1"
#: What a person's own instrument may be off.
_DEGC_OFF, _RH_OFF = 1.0, 5.0


def calibrate(
    gas: Annotated[str, typer.Option(help="Which sensor: methane or co.")],
    span_ppm: Annotated[float, typer.Option(help="The span gas, as its certificate says: ppm in air.")],
    span_tolerance: Annotated[float, typer.Option(metavar="PERCENT", help="What its certificate allows it to be off.")],
    port: Annotated[
        str | None, typer.Option(help="The unit's port: /dev/ttyUSB0, /dev/pts/3, rfc2217://host:port.")
    ] = None,
    virtual: Annotated[
        bool, typer.Option("--virtual", help="Rehearse on a virtual unit; the folder stays as it is.")
    ] = False,
    unit: Annotated[
        Path | None, typer.Option(metavar="UNITDIR", help="Its folder, made by davy unit new; a rehearsal needs none.")
    ] = None,
    board: Annotated[str | None, typer.Option(help="A board.toml, for a unit of a board that is not davy's.")] = None,
    lines: Annotated[
        str | None, typer.Option(help="The port whose DTR and RTS reset the chip, if it is another.")
    ] = None,
    certificate: Annotated[str, typer.Option(metavar="TEXT", help="Of the span gas, for the record.")] = "",
    instrument: Annotated[str, typer.Option(metavar="TEXT", help="What else was used, for the record.")] = "",
    operator: Annotated[str, typer.Option(metavar="NAME", help="Who does it, for the record.")] = "",
    temperature: Annotated[
        float | None, typer.Option(metavar="DEGC", help="Of the gas at the sensor, instead of the unit's own part.")
    ] = None,
    humidity: Annotated[
        float | None, typer.Option(metavar="PERCENT", help="Relative; goes with --temperature.")
    ] = None,
    records: Annotated[Path, typer.Option(metavar="DIR", help="Where records are kept.")] = Path("records"),
    seed: Annotated[int, typer.Option(help="Of a rehearsal: which virtual unit.")] = 1,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: a script lets in the gases.")] = False,
) -> int:
    """Calibrate one sensor of a unit by two gases, each seen twice, store the number in it, and check it in span gas.

    Aborted at any moment, it leaves the unit as it was or calibrated, and a record of what was seen. An alarm may sound meanwhile.

    Examples:

      davy calibrate --port /dev/ttyUSB0 --unit units/GA26000001 --gas methane --span-ppm 2500 --span-tolerance 2

      davy calibrate --virtual --yes --gas methane --span-ppm 2500 --span-tolerance 2

    Exit status: 0 calibrated and checked, 1 refused (what was measured makes no sense), 2 bad input, 3 something at the desk.
    """
    from davy.bench.calibration.guide import Guide, Job
    from davy.bench.calibration.sensing import sensing_of
    from davy.bench.calibration.two_point import Refused
    from davy.cli.calibrate_screen import CalibrateScreen

    if (port is None) == (not virtual):
        raise InputError(
            "--port or --virtual", "one of them is needed", "--port for a real unit, --virtual to rehearse"
        )
    if not 0 < span_tolerance <= _MOST_TOLERANCE_PERCENT:
        problem, hint = f"{span_tolerance:g} % will not do", f"above 0, up to {_MOST_TOLERANCE_PERCENT:g}"
        raise InputError("--span-tolerance", problem, hint)
    by_hand = _climate(temperature, humidity)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="davy-calibrate-")))
        files = _files(unit, board, virtual, folder)
        sensing = sensing_of(files.spec, gas, span_ppm)
        keeper = _Keeper(
            files, records, virtual, {"operator": operator, "instrument": instrument, "certificate": certificate}
        )
        desk, rehearsal = stack.enter_context(_desk(files, port, lines, folder, seed))
        job = Job(sensing, span_ppm, span_tolerance / 100, keeper.started.date(), by_hand)
        screen = CalibrateScreen(f"span gas of {span_ppm:g} ppm", sensing.limits.window_s, yes)
        stack.callback(screen.close)

        def apply(which: Gas, look: int) -> None:
            screen.ask(which, look)
            if rehearsal is not None:
                rehearsal.let_in(gas, span_ppm if which == "span" else None)

        guide = Guide(desk, job, screen.told, apply)
        try:
            guide.run()
        except Refused:
            pass
        finally:
            screen.close()
            path = keeper.keep(guide.course, job)
        return _verdict(guide.course, job, path)


@dataclass
class _Keeper:
    """What outlives the session: the record, and the unit's folder."""

    files: UnitFiles
    records: Path
    rehearsed: bool
    about: dict[str, Any]

    def __post_init__(self) -> None:
        from davy.bench.calibration.record import prepare
        from davy.bench.calibration.unit_files import check_folder

        self.started = datetime.datetime.now(datetime.timezone.utc)
        if not self.rehearsed:
            check_folder(self.files)
        prepare(self.records, self.files.known.serial)

    def keep(self, course: Course, job: Job) -> Path | None:
        """Also of a calibration that came to no end; None when the unit was never met, and there is nothing to tell."""
        from davy.bench.calibration.record import record_of, write_record
        from davy.bench.calibration.unit_files import keep, recalibrated

        if not course.identifier:
            return None
        ended = datetime.datetime.now(datetime.timezone.utc)
        about = {**self.about, "rehearsal": self.rehearsed}
        record = record_of(course, job, self.files.known.serial, about, self.started, ended)
        try:
            if course.stored and not course.put_back and not self.rehearsed and course.result is not None:
                sensing, value = job.sensing, course.result.value
                old = self.files.calibration
                new = recalibrated(old, sensing.gas, sensing.part, sensing.key, value, job.today)
                keep(self.files, new, ended)
        finally:
            path = write_record(self.records, record)
        return path


def _climate(temperature: float | None, humidity: float | None) -> Climate | None:
    from davy.bench.calibration.sensing import Climate

    if (temperature is None) != (humidity is None):
        raise InputError("--temperature and --humidity", "go together", "give both, or neither")
    if temperature is None or humidity is None:
        return None
    return Climate(temperature, humidity, _DEGC_OFF, _RH_OFF)


def _files(unit: Path | None, board: str | None, virtual: bool, folder: Path) -> UnitFiles:
    from davy.bench.calibration.unit_files import load_unit_files
    from davy.bench.unit_made import make_unit
    from davy.identity import write_unit
    from davy.image.boardfile import load_board
    from davy.image.calibration import nominal

    if unit is not None:
        return load_unit_files(unit, board)
    if not virtual:
        raise InputError(
            "--unit", "is missing", "the unit's folder, made by davy unit new: it holds the secret to seal by"
        )
    spec = load_board(board or "virtual")
    made = make_unit(folder, _REHEARSED, spec, nominal(spec)).unit
    return load_unit_files(write_unit(made, folder / "units"), board)


@contextlib.contextmanager
def _desk(
    files: UnitFiles, port: str | None, lines: str | None, folder: Path, seed: int
) -> Iterator[tuple[DeskUnit, Rehearsal | None]]:
    from davy.bench.calibration.desk_unit import DeskUnit
    from davy.bench.calibration.rehearsal import rehearsal
    from davy.bench.calibration.serial_desk import SerialDesk
    from davy.bench.clock import WallClock
    from davy.bench.lines import ConsoleFrames

    if port is None:
        with rehearsal(files.spec, files.known, folder, seed) as found:
            yield found.unit, found
        return
    with SerialDesk(port, lines) as desk:
        yield DeskUnit(ConsoleFrames(desk), WallClock(), files.known, files.spec, desk.restart), None


def _verdict(course: Course, job: Job, path: Path | None) -> int:
    result, key = course.result, job.sensing.key
    if course.outcome == "pass" and result is not None and course.verified_ppm is not None:
        was = "none" if course.before is None else course.before
        reads = f"it reads {course.verified_ppm:.0f} ppm in span gas of {job.span_ppm:g} ppm"
        if course.expected_ppm is not None and abs(course.expected_ppm / job.span_ppm - 1) > 0.02:
            reads += f" ({course.expected_ppm:.0f} by the climate that it reckons with)"
        print(
            f"PASS: {course.identifier}: {key} {result.value} +- {result.expanded * 100:.1f} % (k = 2), was {was}; {reads}"
        )
        status = EXIT_OK
    else:
        left = "the unit is as it was"
        if course.stored and not course.put_back:
            left = "the unit holds the new number"
        elif course.put_back:
            left = "the unit holds its old number again"
        print(f"FAIL: {course.why}; {left}")
        status = EXIT_FAILED
    print(f"record {path}")
    return status
