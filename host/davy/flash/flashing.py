"""One unit from a chip to a proven alarm: who is there, what must be written, write it, ask it, test it."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from davy import codec
from davy.errors import InputError
from davy.flash.check import Checked, ask_hello, ask_state, check_hello, run_self_test
from davy.flash.esptool import Run, read_unit, run_esptool, written_to
from davy.flash.plan import Piece, Plan, make_plan, write_pieces
from davy.flash.progress import Progress
from davy.flash.resetting import Resetting
from davy.flash.unit_line import UnitLine
from davy.image.manifest import Release
from davy.image.partitions import FLASH_BYTES, NVS
from davy.image.parts import MICROPYTHON

_PRESENT_WITHIN_S = 2.0
_IDENTIFIER = re.compile(rb'"identifier": "([^"]{1,64})"')


@dataclass(frozen=True)
class Job:
    """What is wanted. `nvs` and `identifier` are the unit's, None to leave the identity on the chip alone.

    `lines`: the port whose DTR and RTS reset the chip, when it is not `port`. `reprovision`: another identity may be replaced.
    `expect_mac`: another chip is refused before anything is written. `whole`: what is there already is written all the same.
    """

    port: str
    baud: int
    release: Release
    nvs: bytes | None = None
    identifier: str | None = None
    lines: str | None = None
    reprovision: bool = False
    self_test: bool = True
    expect_mac: str | None = None
    whole: bool = False


@dataclass
class Found:
    """What was on the chip before."""

    answers: bool = False
    identifier: str = ""
    same_application: bool = False


def probe(port: str, baud: int, reset_port: str | None, progress: Progress) -> Run:
    """Chip, MAC and flash size, nothing changed. The board runs again afterwards. Raises DeskError."""
    progress.at("connect", None, "looking for a boot loader")
    with Resetting(port, reset_port) as resetting:
        before = resetting.into_boot_loader()
        run = run_esptool(port, baud, ["flash-id"], before=before)
        resetting.into_program()
    progress.unit(run.chip, run.mac)
    return run


def flash(job: Job, progress: Progress) -> tuple[Checked, dict[str, Any]]:
    """Do it all. Gives what the unit told and the record. Raises DeskError or InputError, with what was begun unfinished."""
    progress.at("connect", None, "asking who is there")
    found = _present(job)
    with Resetting(job.port, job.lines) as resetting:
        writer = _Writer(job, resetting, progress)
        nvs = _nvs_to_write(job, found, writer)
        if not found.answers and any(part.kind == MICROPYTHON for part in job.release.parts):
            writer.check_flash_size()
        same = found.same_application and not job.whole
        plan = make_plan(job.release, nvs, same_application=same, in_pieces=found.answers and not job.whole)
        run = writer.write(plan)
        if plan.pieces:
            progress.at("reset", None, "starting the program")
            resetting.into_program()
    checked = Checked()
    _ask_and_test(job, checked, progress)
    record = _record(job, run, checked, plan, progress.end())
    if job.expect_mac is not None and record["mac"] != job.expect_mac.lower():
        # Nothing had to be written, so esptool did not look.
        checked.wrong.append(f"chip is {record['mac']!r}, not {job.expect_mac!r}")
    return checked, record


def check(job: Job, progress: Progress) -> tuple[Checked, dict[str, Any]]:
    """Ask and test a unit that has been flashed; nothing is written. Raises DeskError."""
    checked = Checked()
    _ask_and_test(job, checked, progress)
    return checked, _record(job, Run(), checked, Plan((), ()), progress.end())


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


def _nvs_to_write(job: Job, found: Found, writer: _Writer) -> bytes | None:
    """The unit's partition, unless the chip has this identity already."""
    if job.nvs is None:
        return None
    identifier = found.identifier if found.answers else writer.identifier_on_chip()
    if identifier == job.identifier and not job.reprovision:
        return None
    if identifier and not job.reprovision:
        raise InputError(
            f"--port {job.port}",
            f"the board is {identifier} already, not {job.identifier}",
            "give that unit's folder, or --reprovision to make it another one (its latch and hours go with it)",
        )
    return job.nvs


class _Writer:
    """Runs esptool for one job. The first run resets the chip into its boot loader; it stays there until the program is started."""

    def __init__(self, job: Job, resetting: Resetting, progress: Progress) -> None:
        self._job, self._resetting, self._progress = job, resetting, progress
        self._in_boot_loader = False
        self._told = False

    def identifier_on_chip(self) -> str:
        """Who the chip's NVS says that it is; empty for nobody."""
        self._progress.at("read", None, "is there an identity on the chip?")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "nvs.bin")
            self._esptool(["read-flash", f"{NVS.offset:#x}", f"{NVS.length:#x}", str(path)])
            newest = _IDENTIFIER.findall(path.read_bytes())
        return newest[-1].decode("utf-8", "replace") if newest else ""

    def check_flash_size(self) -> None:
        """MicroPython lays its file system out over the whole flash: ours fits one size only. Raises InputError."""
        run = self._esptool(["flash-id"])
        if run.flash_mb is not None and run.flash_mb << 20 != FLASH_BYTES:
            raise InputError(f"--port {self._job.port}", f"its flash has {run.flash_mb} MB", "a board with 4 MB")

    def write(self, plan: Plan) -> Run:
        """Everything of the plan, each piece verified by its MD5."""
        total = sum(piece.wire_bytes for piece in plan.pieces) or 1
        whole = Run()
        with tempfile.TemporaryDirectory(prefix="davy-flash-") as folder:
            done = 0
            for pieces in (plan.first, plan.last):
                if not pieces:
                    continue
                skip = [] if self._job.whole else ["--skip-flashed"]
                words = ["write-flash", *skip, *write_pieces(pieces, Path(folder))]
                watch = _Watch(pieces, done, total, self._progress)
                # The head is so small that loading esptool's stub for it would take longer than writing it.
                run = self._esptool(words, watch.hear, stub=pieces is plan.first)
                done += sum(piece.wire_bytes for piece in pieces)
                whole = run.after(whole)
        return whole

    def _esptool(self, words: list[str], hear: Callable[[str], None] = lambda text: None, *, stub: bool = True) -> Run:
        job = self._job
        before = "no-reset" if self._in_boot_loader else self._resetting.into_boot_loader()
        if not stub:
            words = [words[0], "--compress", *words[1:]]
        said = ""

        def listen(text: str) -> None:
            nonlocal said
            if not self._told:
                said += text
                self._who(read_unit(said))
            hear(text)

        run = run_esptool(job.port, job.baud, words, chip=job.release.mcu, before=before, stub=stub, on_text=listen)
        self._in_boot_loader = True
        return run

    def _who(self, run: Run) -> None:
        # Known before the first byte is written: a wrong chip ends esptool here.
        if not run.mac:
            return
        self._told = True
        self._progress.unit(run.chip, run.mac)
        if self._job.expect_mac is not None and run.mac != self._job.expect_mac.lower():
            raise InputError(
                f"--port {self._job.port}",
                f"holds the chip {run.mac}, not {self._job.expect_mac}",
                "nothing was written: put the right board in, or leave --expect-mac out",
            )


class _Watch:
    """Turns what esptool prints into steps and how far they are."""

    def __init__(self, pieces: tuple[Piece, ...], done: int, total: int, progress: Progress) -> None:
        self._pieces, self._done, self._total, self._progress = pieces, done, total, progress
        self._text = ""

    def hear(self, text: str) -> None:
        self._text = (self._text + text)[-4000:]
        address = written_to(self._text)
        if address is None:
            if not self._done:
                self._progress.at("connect", None, "boot loader")
            return
        before = sum(piece.wire_bytes for piece in self._pieces if piece.offset + len(piece.data) <= address)
        within = next((p for p in self._pieces if p.offset <= address < p.offset + len(p.data)), None)
        part = within.wire_bytes * (address - within.offset) / len(within.data) if within else 0
        fraction = (self._done + before + part) / self._total
        step = "verify" if self._text.rstrip().endswith("Verifying written data...") else "write"
        self._progress.at(step, fraction if step == "write" else None, within.name if within else "")


def _ask_and_test(job: Job, checked: Checked, progress: Progress) -> None:
    with UnitLine(job.port) as line:
        progress.at("hello", None, "waiting for the unit")
        check_hello(line, job.release, job.identifier, checked)
        if job.self_test and not checked.wrong:
            progress.at("self_test", None, "sensors warm up")
            run_self_test(line, checked, lambda fraction, text: progress.at("self_test", fraction, text))


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
        "sent_seconds": round(run.wire_s, 1),
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
