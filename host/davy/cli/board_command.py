"""`davy board`: boards on a desk, with ports that real programs open."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from davy.errors import InputError

_DEFAULT_FLASH = "davy-board.flash"


def board(
    board_: Annotated[
        str, typer.Option("--board", help="Board to emulate: a name under boards/, or a board.toml.")
    ] = "virtual",
    count: Annotated[int, typer.Option(help="How many boards.", min=1, max=32)] = 1,
    flash: Annotated[
        Path, typer.Option(help="File of the flash; the second board's gets -2 before its ending, and so on.")
    ] = Path(_DEFAULT_FLASH),
    baud_limit: Annotated[
        bool, typer.Option("--baud-limit", help="Let bytes take the time that they take on a wire.")
    ] = False,
    hold_boot: Annotated[
        bool,
        typer.Option("--hold-boot", help="Hold the BOOT button: start in download mode, as for a port without DTR."),
    ] = False,
    chip: Annotated[
        str | None, typer.Option(help="Another chip than the board file's: esp32 or esp32s3 (boot loader only).")
    ] = None,
    speed: Annotated[
        float,
        typer.Option(
            help="Seconds that pass in the room and on the program's clock in a second: 20 shortens a preheat."
        ),
    ] = 1.0,
    seed: Annotated[
        int, typer.Option(help="Of the first board: its MAC, noise and tolerances; the next has one more.", min=1)
    ] = 1,
    rfc2217: Annotated[
        int,
        typer.Option(help="TCP port of the first board's RFC 2217 server, counted up; 0 for any.", min=0, max=65000),
    ] = 0,
    json_: Annotated[bool, typer.Option("--json", help="Print each board's ports as a line of JSON.")] = False,
) -> int:
    """Start virtual boards in real time, with ports that esptool, mpremote and davy flash cannot tell from a board's.

    Each board has a pseudo-terminal (/dev/pts/N, without reset lines) and an RFC 2217 port, whose DTR and RTS reset the chip.
    A flash file that is not there begins as a bare chip. Ctrl-C switches the boards off; their flash files stay.

      davy board

      esptool --port rfc2217://127.0.0.1:PORT flash-id

      mpremote connect /dev/pts/N
    """
    from davy.board.chip_registers import KINDS

    if chip is not None and chip not in KINDS:
        raise InputError("--chip", f"{chip!r} is not known", f"one of {', '.join(KINDS)}")
    if not flash.resolve().parent.is_dir():
        raise InputError("--flash", f"{flash.parent} is no folder", "an existing one")
    if not 0.1 <= speed <= 1000:
        raise InputError("--speed", f"{speed:g} will not do", "a number from 0.1 to 1000")
    if count == 1:
        return _one(board_, flash, baud_limit, hold_boot, chip, speed, seed, rfc2217, json_)
    arguments = ["--board", board_, "--json", "--speed", str(speed)]
    arguments += ["--baud-limit"] * baud_limit + ["--hold-boot"] * hold_boot + (["--chip", chip] if chip else [])
    children = []
    for at in range(count):
        own = flash if at == 0 else flash.with_stem(f"{flash.stem}-{at + 1}")
        port = str(rfc2217 + at if rfc2217 else 0)
        command = [sys.executable, "-m", "davy", "board", *arguments, "--flash", str(own), "--seed", str(seed + at)]
        children.append(subprocess.Popen([*command, "--rfc2217", port], stdout=subprocess.PIPE, text=True))
    return _many(children, json_)


def _one(
    name: str,
    flash: Path,
    limited: bool,
    download: bool,
    chip: str | None,
    speed: float,
    seed: int,
    port: int,
    as_json: bool,
) -> int:
    from davy.board.desk import Desk
    from davy.image.boardfile import load_board

    spec = load_board(name)
    bare = not flash.exists()
    try:
        desk = Desk(
            spec, flash, seed=seed, limited=limited, download=download, rfc2217_port=port, mcu=chip, speed=speed
        )
    except OSError as error:
        raise InputError(
            f"--flash {flash}", f"cannot be used: {error}", "a writable file, and a free TCP port"
        ) from error
    signal.signal(signal.SIGTERM, lambda *_: desk.stop())
    facts = {
        "board": spec.name,
        "chip": chip or spec.mcu,
        "mac": desk.board.mac.hex(":"),
        "pty": desk.pty.path,
        "rfc2217": desk.rfc2217.url,
        "flash": str(flash),
        "bare": bare,
    }
    try:
        desk.power_on()
        desk.run_until_up()
        _show(facts, as_json)
        desk.run()
    finally:
        desk.close()
    return 0


def _many(children: list[subprocess.Popen[str]], as_json: bool) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        for child in children:
            assert child.stdout is not None
            line = child.stdout.readline()
            if not line:
                return child.wait()  # it has said why
            _show(json.loads(line), as_json)
        for child in children:
            child.wait()
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait()
    return 0


def _show(facts: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(facts), flush=True)
        return
    state = "a bare chip" if facts["bare"] else "as it was"
    print(f"{facts['board']} ({facts['chip']}, MAC {facts['mac']}), flash {facts['flash']}: {state}")
    print(f"  terminal  {facts['pty']}")
    print(f"  rfc2217   {facts['rfc2217']}   (DTR and RTS reset the chip)", flush=True)
