"""`davy bench`: the suite on a device, virtual or in a fixture, and what past runs say."""

from __future__ import annotations

import getpass
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from davy.cli.bench_history_command import history, trend
from davy.cli.bench_serve_command import serve
from davy.cli.lab_command import places
from davy.errors import EXIT_DESK, EXIT_FAILED, EXIT_OK, DeskError, InputError
from davy.paths import FIRMWARE

if TYPE_CHECKING:
    from davy.bench.running import Ran
    from davy.bench.session import Summary

app = typer.Typer(no_args_is_help=True, help="Test devices with limits: one suite for a virtual board and for a bench.")
app.command()(history)
app.command()(trend)
app.command()(serve)
app.command()(places)

Benches = Annotated[
    list[Path] | None,
    typer.Option(
        "--bench", metavar="FILE.yaml", help="A bench's file (docs/bench.md); again for more. Without: a virtual bench."
    ),
]
Serials = Annotated[
    list[str] | None, typer.Option("--serial", metavar="SN", help="Of the device in the fixture; again, one a bench.")
]


def _operator() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


@app.command()
def run(
    bench: Benches = None,
    serial: Serials = None,
    select: Annotated[
        str, typer.Option("-k", metavar="EXPR", help="Only tests whose names fit: 'latch or power'.")
    ] = "",
    records: Annotated[Path, typer.Option(metavar="DIR", help="Where records, reports and history go.")] = Path(
        "records"
    ),
    operator: Annotated[str, typer.Option(metavar="NAME", help="Who tests; into the record.")] = _operator(),
    count: Annotated[int, typer.Option(help="So many virtual benches at once.", min=1, max=64)] = 1,
    board: Annotated[str, typer.Option(metavar="NAME", help="Board of a virtual device.")] = "virtual",
    firmware: Annotated[
        Path, typer.Option(metavar="DIR", help="Another firmware tree, to be built and put on a device without parts.")
    ] = FIRMWARE,
    seed: Annotated[int, typer.Option(help="Of a virtual device's noise and tolerances.", min=0)] = 1,
    long: Annotated[bool, typer.Option("--long", help="Also what takes a real device hours.")] = False,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE.xml", help="A JUnit file for CI, with the measurements.")
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="Show the tests, and run none.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more of what failed.")] = False,
) -> int:
    """Bring each device through the suite: off, flashed, provisioned, armed, and then test by test.

    Exit status 1 when a device failed, 3 when a bench did: then there is no verdict on its device, nor after Ctrl-C (130).

    Examples:

      davy bench run

      davy bench run --bench bench-1.yaml --serial GA26000001

      davy bench run --count 8 -k "valve or latch" --junit bench.xml
    """
    from davy.bench.options import BenchOptions
    from davy.bench.running import run_suite, tests_of
    from davy.cli.bench_input import check_run

    if list_:
        print("\n".join(tests_of(select)))
        return EXIT_OK
    files, serials = bench or [], serial or []
    benches = max(len(files), len(serials), count)
    if files and len(files) != benches:
        raise InputError("--serial", f"{benches} devices on {len(files)} benches", "a --bench for each --serial")
    check_run(files, serials, records, board, firmware, junit)
    options = BenchOptions(
        records=records.resolve(),
        summaries=records,
        board=board,
        firmware=firmware.resolve(),
        seed=seed,
        serials=tuple(serials),
        bench_files=tuple(str(each.resolve()) for each in files),
        operator=operator,
        long=long,
    )
    try:
        ran = run_suite(options, benches, select, junit, verbose)
        for summary in ran.summaries:
            _tell(summary)
        return _status(ran, benches)
    except (InputError, DeskError):
        raise
    except Exception:
        # Python's own status for this is 1, which says here that a device failed.
        traceback.print_exc()
        return _EXIT_BUG


def _status(ran: Ran, benches: int) -> int:
    if ran.signal:
        return _EXIT_SIGNAL + ran.signal
    outcomes = [each.outcome for each in ran.summaries]
    broke_off = any(each.stopped for each in ran.summaries) or (ran.status == _STOPPED and "error" not in outcomes)
    if len(ran.summaries) < benches or broke_off or ran.status not in (*_ENDED, _STOPPED):
        raise RuntimeError(
            f"the suite ended with {ran.status}, and {len(ran.summaries)} of {benches} benches with a result; see above"
        )
    if "error" in outcomes:
        return EXIT_DESK
    return EXIT_FAILED if "fail" in outcomes else EXIT_OK


@app.command()
def emulate(
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", metavar="FILE.yaml", help="The bench file to write; with --count, FILE-1.yaml and so on."
        ),
    ] = Path("bench.yaml"),
    count: Annotated[int, typer.Option(help="How many benches.", min=1, max=16)] = 1,
    board: Annotated[str, typer.Option(metavar="NAME", help="Board of the device.")] = "virtual",
    seed: Annotated[int, typer.Option(help="Of noise and tolerances.", min=0)] = 1,
    speed: Annotated[
        float | None,
        typer.Option(
            metavar="S", help="Run freely, S virtual seconds a second; without, time waits for the client.", min=0.01
        ),
    ] = None,
    exporter: Annotated[
        Path | None, typer.Option(metavar="FILE.yaml", help="Also a file for labgrid-exporter (docs/labgrid.md).")
    ] = None,
) -> int:
    """Emulate whole benches: the rig's real firmware around a virtual device, each in a process of its own. Ends with Ctrl-C.

    Examples:

      davy bench emulate -o bench.yaml

      davy bench emulate --count 2 -o lab.yaml --exporter exporter.yaml
    """
    from davy.cli.bench_emulating import emulate_benches

    return emulate_benches(output, count, board, seed, speed, exporter)


@app.command()
def check(
    bench: Benches = None,
    records: Annotated[Path, typer.Option(metavar="DIR", help="Where the record goes.")] = Path("records"),
    operator: Annotated[str, typer.Option(metavar="NAME", help="Who checks; into the record.")] = _operator(),
) -> int:
    """Is the bench itself sound: supply, relay, coil meter, and the stimulus looped back? No device is judged.

    Exit status 3 when it measures wrong, with what and by how much.

    Examples:

      davy bench check --bench bench-1.yaml
    """
    from davy.bench.checking import check_benches
    from davy.cli.bench_input import check_bench_files, check_records

    files = bench or []
    check_bench_files(files)
    check_records(records)
    return check_benches([each.resolve() for each in files], records.resolve(), operator, print)


@app.command("rig-image")
def rig_image_(
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="The file system's image, for esptool.")
    ] = None,
    files: Annotated[Path | None, typer.Option(metavar="DIR", help="The files, for mpremote.")] = None,
    wiring: Annotated[
        Path | None, typer.Option(metavar="FILE.toml", help="Another wiring than the shipped one.")
    ] = None,
) -> int:
    """Make what is put on a rig's ESP32 (docs/rig.md).

    Examples:

      davy bench rig-image -o rig.bin

      davy bench rig-image --files rig
    """
    from davy.bench.rig_image import rig_image, write_rig_files
    from davy.bench.wiring import load_wiring
    from davy.files import check_writable, write_whole

    if output is None and files is None:
        raise InputError("davy bench rig-image", "makes nothing so", "-o FILE or --files DIR")
    wired = load_wiring(wiring) if wiring is not None else load_wiring()
    if output is not None:
        check_writable(output, "--output")
        write_whole(output, rig_image(wired).littlefs)
        print(output)
    if files is not None:
        write_rig_files(wired, files)
        print(files)
    return EXIT_OK


#: Of pytest: all passed, some failed; and stopped, as it is after a bench error.
_ENDED, _STOPPED = (0, 1), 2
#: As a shell tells of a program that a signal ended; and of sysexits.h, for a mistake of the suite itself.
_EXIT_SIGNAL, _EXIT_BUG = 128, 70
_WORDS = {
    "pass": "PASS",
    "marginal": "PASS, marginal",
    "fail": "FAIL",
    "error": "BENCH ERROR",
    "skip": "NOTHING TESTED",
}


def _tell(summary: Summary) -> None:
    counts = f"{summary.passed} passed, {summary.failed} failed, {summary.skipped} skipped"
    word = "STOPPED" if summary.stopped else _WORDS[summary.outcome]
    print(f"{word}  {summary.serial} on {summary.bench}: {counts} in {summary.wall_s:g} s")
    if summary.why:
        print(f"  {f'{summary.cause}: ' if summary.cause else ''}{summary.why}")
    if summary.record:
        print(f"  {summary.record}")
        print(f"  {Path(summary.record).with_suffix('.html')}")
