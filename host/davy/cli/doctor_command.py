"""`davy doctor`: what is wrong with a desk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from davy.errors import EXIT_OK, InputError

_MARKS = {"fine": "[green]ok[/]", "hint": "[yellow]--[/]", "trouble": "[bold red]!![/]"}


def doctor(
    port: Annotated[str | None, typer.Option(help="The port to look at; without it the ports are listed.")] = None,
    lines: Annotated[
        str | None, typer.Option(help="The port whose DTR and RTS reset the chip, if it is another one.")
    ] = None,
    micropython: Annotated[Path | None, typer.Option(help="MicroPython's file, for a bare chip.")] = None,
    board: Annotated[str, typer.Option(help="Which board it is to be: says which chip.")] = "devkit_mq",
    baud: Annotated[int, typer.Option(help="Rate of the console.")] = 115_200,
) -> int:
    """Look at programs, permissions, ports, and what is at a port's other end; say what to do next. Nothing is written.

    A board that runs something else than davy is reset on the way, to see its boot loader.

    Exit status: 0 nothing is wrong, 2 bad input, 3 there is trouble.
    """
    from rich.console import Console
    from rich.markup import escape

    from davy.errors import EXIT_DESK
    from davy.flash import doctor as look
    from davy.image.boardfile import load_board

    if not 300 <= baud <= 5_000_000:
        raise InputError("--baud", f"{baud} will not do", "a rate from 300 to 5000000")
    mcu = load_board(board).mcu
    console = Console(highlight=False, soft_wrap=True)
    found = [*look.look_at_programs(), look.look_at_micropython(micropython, mcu)]
    found += look.list_serial_ports() if port is None else look.look_at_port(port, baud, lines)
    for each in found:
        step = f"; {each.next_step}" if each.next_step else ""
        console.print(f"{_MARKS[each.level]} {escape(f'{each.what}: {each.text}{step}')}")
    troubles = sum(each.level == look.TROUBLE for each in found)
    console.print(f"{troubles} to put right" if troubles else "nothing is wrong here")
    return EXIT_DESK if troubles else EXIT_OK
