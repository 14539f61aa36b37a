"""The command `davy`."""

from __future__ import annotations

import sys

import typer

from davy.cli.bench_command import app as bench_app
from davy.cli.board_command import board
from davy.cli.ca_command import app as ca_app
from davy.cli.calibrate_command import calibrate
from davy.cli.chaos_command import chaos
from davy.cli.command_command import command
from davy.cli.conform_command import conform
from davy.cli.demo_command import demo
from davy.cli.devices_command import devices
from davy.cli.doctor_command import doctor
from davy.cli.events_command import events
from davy.cli.flash_command import flash
from davy.cli.image_command import image
from davy.cli.monitor_command import monitor
from davy.cli.run_command import run
from davy.cli.station_command import station
from davy.cli.unit_command import app as unit_app
from davy.errors import EXIT_BAD_INPUT, EXIT_DESK, DeskError, InputError

_EXIT_INTERRUPTED = 130

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="An open gas leak alarm: its firmware on virtual and real boards, from a bare chip to stored reports.",
    epilog="Exit status: 0 all well, 1 what was checked failed, 2 bad input (one line says what would be right), "
    "3 something at the desk (port, cable, board, disk) to put right and try again.",
)
app.command()(run)
app.command()(demo)
app.command()(monitor)
app.add_typer(devices, name="devices")
app.command()(events)
app.command()(command)
app.command()(conform)
app.command()(chaos)
app.add_typer(ca_app, name="ca")
app.add_typer(unit_app, name="unit")
app.add_typer(station, name="station")
app.add_typer(bench_app, name="bench")
app.command()(calibrate)
app.command()(image)
app.command()(board)
app.command()(flash)
app.command()(doctor)


def _in_a_line(error: typer.TyperException) -> str:
    said = error.format_message() if isinstance(error, typer.BadParameter) else str(error)
    return " ".join(said.split()).rstrip(".")


def main() -> None:
    """Entry point. Bad input gets one line; everything else that goes wrong keeps its traceback."""
    try:
        status = app(standalone_mode=False)
    except InputError as error:
        print(f"davy: {error}", file=sys.stderr)
        sys.exit(EXIT_BAD_INPUT)
    except DeskError as error:
        print(f"davy: {error}", file=sys.stderr)
        sys.exit(EXIT_DESK)
    except typer.TyperException as error:
        said = _in_a_line(error)
        if said:  # without arguments the help has been shown
            print(f"davy: {said}; see --help", file=sys.stderr)
        sys.exit(EXIT_BAD_INPUT)
    except (KeyboardInterrupt, typer.Abort):
        status = _EXIT_INTERRUPTED
    if status == _EXIT_INTERRUPTED:
        print("davy: interrupted", file=sys.stderr)
    sys.exit(status if isinstance(status, int) else 0)
