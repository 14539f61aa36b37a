"""Puts program and identity on a real device, as `davy flash` does it; a program that is asked for again is written whole."""

from __future__ import annotations

from collections.abc import Callable

from davy.bench.errors import BenchError
from davy.bench.port_line import PortLine
from davy.bench.rig import Rig
from davy.errors import DeskError, InputError
from davy.flash.flashing import Job, flash
from davy.flash.progress import Progress
from davy.image.build import Image
from davy.image.manifest import Release


class FlashProgrammer:
    """`console` is let go while esptool has its port. The device is left powered, its program running."""

    def __init__(
        self, rig: Rig, console: PortLine, port: str, lines: str, baud: int, release: Release, identifier: str
    ) -> None:
        self._rig, self._console = rig, console
        self._port, self._lines, self._baud = port, lines, baud
        self._release, self._identifier = release, identifier
        self._program = ""

    def program(self) -> str:
        return self._program

    def write(self, image: Image, nvs: bytes | None, alive: Callable[[], None]) -> None:
        """Raises BenchError: `device` for a chip that does not answer, or is somebody else."""
        self._rig.set("power", 1)
        self._console.close()
        identifier = self._identifier if nvs is not None else None
        job = Job(
            self._port,
            self._baud,
            self._release,
            nvs,
            identifier,
            self._lines or None,
            self_test=False,
            whole=self._program == image.sha256,
        )
        try:
            checked, _ = flash(job, Progress(lambda event: alive()))
        except (InputError, DeskError) as error:
            raise BenchError("device", error.where, error.problem, error.hint) from error
        finally:
            self._console.reopen()
        if checked.wrong:
            raise BenchError("device", self._port, "; ".join(checked.wrong), "is it the right device?")
        self._program = image.sha256
