"""One unit from a chip to a proven alarm: who is there, what must be written, write it, ask it, test it."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from davy import codec
from davy.errors import InputError
from davy.flash import lines
from davy.flash.check import Checked, ask_hello, ask_state, check_hello, run_self_test
from davy.flash.esptool import Run, has_reset_lines, run_esptool, written_to
from davy.flash.plan import Piece, Plan, make_plan, write_pieces
from davy.flash.progress import Progress
from davy.flash.trouble import DeskTrouble
from davy.flash.unit_line import UnitLine
from davy.image.manifest import Release
from davy.image.partitions import FLASH_BYTES, NVS
from davy.image.parts import MICROPYTHON

_PRESENT_WITHIN_S = 1.2
_IDENTIFIER = re.compile(rb'"identifier": "([^"]{1,64})"')
_CHIPS = {"esp32": "esp32", "esp32s3": "esp32s3"}


@dataclass(frozen=True)
class Job:
    """What is wanted. `nvs` and `identifier` are the unit's, None to leave the identity on the chip alone.

    `lines`: the port whose DTR and RTS reset the chip, when it is not `port`. `reprovision`: another identity may be replaced.
    """

    port: str
    baud: int
    release: Release
    nvs: bytes | None = None
    identifier: str | None = None
    lines: str | None = None
    reprovision: bool = False
    self_test: bool = True


@dataclass
class Found:
    """What was on the chip before."""

    answers: bool = False
    identifier: str = ""
    same_application: bool = False


def probe(port: str, baud: int, reset_port: str | None, progress: Progress) -> Run:
    """Chip, MAC and flash size, nothing changed. The board runs again afterwards. Raises DeskTrouble."""
    progress.at("connect", None, "looking for a boot loader")
    _into_boot_loader(port, reset_port)
    run = run_esptool(port, baud, ["flash-id"], before=_before(port, reset_port), after=_after(port, reset_port))
    _into_program(port, reset_port)
    progress.unit(run.chip, run.mac)
    return run


def flash(job: Job, progress: Progress) -> tuple[Checked, dict[str, Any]]:
    """Do it all. Gives what the unit told and the record. Raises DeskTrouble or InputError, with what was begun unfinished."""
    progress.at("connect", None, "asking who is there")
    found = _present(job)
    nvs = _nvs_to_write(job, found, progress)
    if not found.answers and any(part.kind == MICROPYTHON for part in job.release.parts):
        _check_flash_size(job)
    plan = make_plan(job.release, nvs, same_application=found.same_application)
    run, seconds = _write(job, plan, progress)
    if plan.pieces:
        progress.at("reset", None, "starting the program")
        _into_program(job.port, job.lines)
    checked = Checked()
    _ask_and_test(job, checked, progress)
    spent = {**progress.end(), **seconds}
    return checked, _record(job, run, checked, plan, spent)


def _present(job: Job) -> Found:
    # A board that runs davy says so at once; anything else is silent or garbage.
    with UnitLine(job.port) as line:
        frame = ask_hello(line, _PRESENT_WITHIN_S)
        if frame is None or not isinstance(frame.message, codec.Hello):
            return Found()
        hello = frame.message
        same = hello.image_hash.hex() == job.release.image_sha256[:16]
        state = ask_state(line) if same else None
    sound = state is not None and not state.faults >> codec.Fault.IMAGE & 1
    return Found(True, hello.identifier, same and sound)


def _nvs_to_write(job: Job, found: Found, progress: Progress) -> bytes | None:
    """The unit's partition, unless the chip has this identity already."""
    if job.nvs is None:
        return None
    identifier = found.identifier
    if not found.answers:
        identifier = _identifier_on_chip(job, progress)
    if identifier == job.identifier:
        return None
    if identifier and not job.reprovision:
        raise InputError(
            f"--port {job.port}",
            f"the board is {identifier} already, not {job.identifier}",
            "give that unit's folder, or --reprovision to make it another one (its latch and hours go with it)",
        )
    return job.nvs


def _identifier_on_chip(job: Job, progress: Progress) -> str:
    progress.at("read", None, "is there an identity on the chip?")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "nvs.bin")
        _esptool(job, ["read-flash", f"{NVS.offset:#x}", f"{NVS.length:#x}", str(path)], lambda text: None)
        newest = _IDENTIFIER.findall(path.read_bytes())
    return newest[-1].decode("utf-8", "replace") if newest else ""


def _check_flash_size(job: Job) -> None:
    # MicroPython lays its file system out over the whole flash: ours fits one size only.
    run = _esptool(job, ["flash-id"], lambda text: None)
    if run.flash_mb is not None and run.flash_mb << 20 != FLASH_BYTES:
        raise InputError(f"--port {job.port}", f"its flash has {run.flash_mb} MB", "a board with 4 MB")


def _write(job: Job, plan: Plan, progress: Progress) -> tuple[Run, dict[str, float]]:
    total = sum(piece.wire_bytes for piece in plan.pieces) or 1
    whole = Run()
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="davy-flash-") as folder:
        done = 0
        for pieces in (plan.first, plan.last):
            if not pieces:
                continue
            words = write_pieces(pieces, Path(folder))
            watch = _Watch(pieces, done, total, progress)
            run = _esptool(job, ["write-flash", "--skip-flashed", *words], watch.hear)
            done += sum(piece.wire_bytes for piece in pieces)
            whole = Run(
                run.chip, run.mac, run.flash_mb, whole.written_bytes + run.written_bytes,
                whole.sent_bytes + run.sent_bytes, whole.skipped + run.skipped,
            )  # fmt: skip
    if whole.mac:
        progress.unit(whole.chip, whole.mac)
    return whole, {"write_all": round(time.monotonic() - began_s, 3)}


class _Watch:
    """Turns what esptool prints into steps and how far they are."""

    def __init__(self, pieces: tuple[Piece, ...], done: int, total: int, progress: Progress) -> None:
        self._pieces, self._done, self._total, self._progress = pieces, done, total, progress
        self._text = ""

    def hear(self, text: str) -> None:
        self._text = (self._text + text)[-4000:]
        address = written_to(self._text)
        if address is None:
            self._progress.at("connect", None, "boot loader")
            return
        before = sum(piece.wire_bytes for piece in self._pieces if piece.offset + len(piece.data) <= address)
        within = next((p for p in self._pieces if p.offset <= address < p.offset + len(p.data)), None)
        part = within.wire_bytes * (address - within.offset) / len(within.data) if within else 0
        fraction = (self._done + before + part) / self._total
        step = "verify" if self._text.rstrip().endswith("Verifying written data...") else "write"
        self._progress.at(step, fraction if step == "write" else None, within.name if within else "")


def _esptool(job: Job, words: list[str], hear: Callable[[str], None]) -> Run:
    _into_boot_loader(job.port, job.lines)
    return run_esptool(
        job.port,
        job.baud,
        words,
        chip=_CHIPS[job.release.mcu],
        before=_before(job.port, job.lines),
        after="no-reset",
        on_text=hear,
    )


def check(job: Job, progress: Progress) -> tuple[Checked, dict[str, Any]]:
    """Ask and test a unit that has been flashed; nothing is written. Raises DeskTrouble."""
    checked = Checked()
    _ask_and_test(job, checked, progress)
    return checked, _record(job, Run(), checked, Plan((), ()), progress.end())


def _ask_and_test(job: Job, checked: Checked, progress: Progress) -> None:
    with UnitLine(job.port) as line:
        progress.at("hello", None, "waiting for the unit")
        check_hello(line, job.release, job.identifier, checked)
        if job.self_test and not checked.wrong:
            progress.at("self_test", None, "sensors warm up")
            run_self_test(line, checked, lambda fraction, text: progress.at("self_test", fraction, text))


def _before(port: str, reset_port: str | None) -> str | None:
    return "no-reset" if reset_port is not None or not has_reset_lines(port) else "default-reset"


def _after(port: str, reset_port: str | None) -> str:
    return "no-reset" if reset_port is not None or not has_reset_lines(port) else "hard-reset"


def _into_boot_loader(port: str, reset_port: str | None) -> None:
    if reset_port is not None:
        lines.into_boot_loader(reset_port)


def _into_program(port: str, reset_port: str | None) -> None:
    if reset_port is not None:
        lines.into_program(reset_port)
    elif has_reset_lines(port):
        lines.into_program(port)
    else:
        raise DeskTrouble(
            port,
            "has no reset lines",
            "name the port that has them with --lines, or press EN and ask with davy flash --check",
        )


def _record(job: Job, run: Run, checked: Checked, plan: Plan, seconds: dict[str, float]) -> dict[str, Any]:
    hello, state = checked.hello, checked.state
    return {
        "mac": run.mac or checked.source[:6].hex(":"),
        "chip": run.chip,
        "identifier": hello.identifier if hello else None,
        "board": job.release.board,
        "firmware": job.release.firmware,
        "image_sha256": job.release.image_sha256,
        "git_commit": job.release.git_commit,
        "micropython": job.release.micropython,
        "written_bytes": run.written_bytes,
        "sent_bytes": run.sent_bytes,
        "planned_wire_bytes": plan.wire_bytes,
        "skipped_parts": run.skipped,
        "seconds": seconds,
        "self_test": {
            "result": codec.SelfTest(state.test).name.lower() if state is not None and checked.tested else "not run",
            "failed": list(checked.failed_items),
        },
        "state": {name: _plain(value) for name, value in state._asdict().items()} if state is not None else None,
    }


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, int) else value
