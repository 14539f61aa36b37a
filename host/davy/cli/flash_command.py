"""`davy flash`: a board on the desk becomes a unit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from davy.errors import EXIT_BAD_INPUT, EXIT_FAILED, EXIT_OK, InputError

if TYPE_CHECKING:
    from davy.flash.progress import Emit
    from davy.image.manifest import Release

_LEAST_BAUD, _MOST_BAUD = 9_600, 2_000_000


def flash(
    port: Annotated[str, typer.Option(help="The board's port: /dev/ttyUSB0, /dev/pts/3, rfc2217://host:port.")],
    board: Annotated[
        str | None, typer.Option(help="Make the image of this board now: a name under boards/, or a board.toml.")
    ] = None,
    micropython: Annotated[
        Path | None,
        typer.Option(help="With --board: MicroPython as its download page gives it; needed for a bare chip."),
    ] = None,
    image: Annotated[Path | None, typer.Option(help="A folder that davy image made, instead of --board.")] = None,
    unit: Annotated[
        Path | None,
        typer.Option(help="A folder that davy unit new made: who this board becomes. Else it stays who it is."),
    ] = None,
    baud: Annotated[int, typer.Option(help="Rate for writing.")] = 460_800,
    lines: Annotated[
        str | None, typer.Option(help="The port whose DTR and RTS reset the chip, if it is another one.")
    ] = None,
    reprovision: Annotated[
        bool, typer.Option("--reprovision", help="Write the unit's record even over another one, or anew.")
    ] = False,
    expect_mac: Annotated[
        str | None, typer.Option(help="Refuse another chip than this one, before anything is written.")
    ] = None,
    self_test: Annotated[
        bool, typer.Option("--self-test/--no-self-test", help="Wait for warm sensors and let the unit test itself.")
    ] = True,
    probe: Annotated[bool, typer.Option("--probe", help="Only read chip and MAC.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Write nothing: ask the unit and test it.")] = False,
    events: Annotated[bool, typer.Option("--events", help="Print steps and result as lines of JSON.")] = False,
) -> int:
    """Write image and identity with esptool, verify, reset, and ask the unit who it is, what it runs and whether it is well.

    A second run writes only what differs, and keeps identity and calibration.

    Examples:

      davy flash --port /dev/ttyUSB0 --board devkit_mq --micropython ESP32_GENERIC-v1.29.0.bin --unit units/GA26000001

      davy flash --port /dev/ttyUSB0 --image build/devkit_mq

    Exit status: 0 a unit that passed, 1 the unit failed its test or is not what was written, 2 bad input (also: another chip
    than the image is for), 3 something at the desk (port, cable, board) to put right and try again.
    """
    from davy.errors import EXIT_DESK, DeskError
    from davy.flash.flashing import Job
    from davy.flash.flashing import check as check_unit
    from davy.flash.flashing import flash as flash_unit
    from davy.flash.progress import Progress, as_json_lines
    from davy.flash.unit_folder import load_unit

    emit: Emit = as_json_lines
    screen = None
    if not events:
        from davy.cli.flash_screen import FlashScreen

        screen = FlashScreen(port)
        emit = screen.show
    progress = Progress(emit)

    def result(verdict: str, status: int, text: str, record: dict[str, Any] | None = None) -> int:
        emit(
            {
                "event": "result",
                "verdict": verdict,
                "exit": status,
                "step": step or progress.step,
                "text": text,
                "record": record,
            }
        )
        return status

    step = ""
    try:
        if not _LEAST_BAUD <= baud <= _MOST_BAUD:
            raise InputError("--baud", f"{baud} will not do", f"a rate from {_LEAST_BAUD} to {_MOST_BAUD}")
        if probe:
            return _probe(port, baud, lines, progress, result)
        release = _release(board, micropython, image)
        identifier, nvs = (None, None) if unit is None else load_unit(unit, release.board)
        job = Job(port, baud, release, nvs, identifier, lines, reprovision, self_test, expect_mac)
        checked, record = check_unit(job, progress) if check else flash_unit(job, progress)
        step = "self_test" if checked.tested else "hello"
        if checked.wrong:
            return result("fail", EXIT_FAILED, "; ".join(checked.wrong), record)
        return result("pass", EXIT_OK, _summary(record), record)
    except InputError as error:
        if not events:
            raise
        return result("error", EXIT_BAD_INPUT, str(error))
    except DeskError as trouble:
        return result("error", EXIT_DESK, str(trouble))
    finally:
        if screen is not None:
            screen.close()


def _probe(port: str, baud: int, lines: str | None, progress: Any, result: Any) -> int:
    from davy.flash.flashing import probe

    run = probe(port, baud, lines, progress)
    record = {"mac": run.mac, "chip": run.chip, "flash_mb": run.flash_mb}
    status: int = result("pass", EXIT_OK, f"{run.chip}, MAC {run.mac}, {run.flash_mb} MB of flash", record)
    return status


def _release(board: str | None, micropython: Path | None, image: Path | None) -> Release:
    from davy.image.boardfile import load_board
    from davy.image.release import build_release, load_release

    if (board is None) == (image is None):
        raise InputError(
            "--board or --image", "one of them is needed", "--board NAME makes the image now, --image DIR takes one"
        )
    if image is not None:
        if micropython is not None:
            raise InputError("--micropython", "goes with --board", "the image holds MicroPython already, or none")
        return load_release(image)
    assert board is not None
    return build_release(load_board(board), micropython)


def _summary(record: dict[str, Any]) -> str:
    who = record["identifier"] or "a unit without an identity"
    written, test = record["written_bytes"], record["self_test"]["result"]
    what = f"{written:,} bytes written" if written else "nothing had to be written"
    return f"{who}: firmware {record['firmware']}, image {record['image_sha256'][:16]}, {what}, self-test {test}"
