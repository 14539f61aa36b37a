"""How a chip gets into its boot loader and out of it: by its own port's lines, or by another port's."""

from __future__ import annotations

from types import TracebackType

from davy.errors import DeskError
from davy.flash.lines import ResetLines, into_program


def has_reset_lines(port: str) -> bool:
    """Whether DTR and RTS can be set there: a pseudo-terminal and a socket have none."""
    return not port.startswith(("/dev/pts/", "socket://"))


class Resetting:
    """`reset_port`: whose lines reset the chip, None for the serial port's own."""

    def __init__(self, port: str, reset_port: str | None) -> None:
        self._port = port
        self._lines = ResetLines(reset_port) if reset_port is not None else None

    def into_boot_loader(self) -> str:
        """What esptool is told with --before: nothing is left for it to do when another port has the lines."""
        if self._lines is not None:
            self._lines.into_boot_loader()
            return "no-reset"
        return "default-reset" if has_reset_lines(self._port) else "no-reset"

    def into_program(self) -> None:
        """Raises DeskError when no line can do it."""
        if self._lines is not None:
            self._lines.into_program()
        elif has_reset_lines(self._port):
            into_program(self._port)
        else:
            step = "name the port that has them with --lines, or press EN and ask with davy flash --check"
            raise DeskError(self._port, "has no reset lines", step)

    def __enter__(self) -> Resetting:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lines is not None:
            self._lines.close()
