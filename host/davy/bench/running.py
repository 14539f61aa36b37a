"""Runs the suite in a process of its own, and says what became of each bench."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from _pytest.mark.expression import Expression

from davy.bench.options import BenchOptions
from davy.bench.session import Summary, make_room, summaries_in
from davy.bench.stopping import SIGNALS, signals_wait
from davy.errors import InputError
from davy.files import write_whole
from davy.paths import HIL_TESTS

INPUT_ERROR = "input-error.json"
_NOTHING_SELECTED = 5
_ENDING = b"davy: interrupted: the run ends in good order and keeps what it has; once more ends it at once\n"


@dataclass(frozen=True)
class Ran:
    """`summaries`, one a bench that got as far as to have one; `status` is pytest's; `signal` the one that ended it, or 0."""

    summaries: tuple[Summary, ...]
    status: int
    signal: int = 0


def run_suite(
    options: BenchOptions, benches: int, select: str = "", junit: Path | None = None, verbose: bool = False
) -> Ran:
    """Every bench runs every test on its own device, all at once. Raises InputError for what a bench's file or the selection asks for.

    What the suite prints goes to this process's terminal. SIGINT and SIGTERM are handed on, and the suite ends in good order; at the
    second one, or when this process is killed, whatever it does.
    """
    _check_expression(select)
    with tempfile.TemporaryDirectory(prefix="davy-bench-run-") as name:
        told = BenchOptions(**{**options.__dict__, "summaries": Path(name)})
        words = [
            *(sys.executable, "-m", "pytest", "-p", "davy.bench.plugin", "-p", "no:cacheprovider"),
            *("-c", os.devnull, "--rootdir", str(HIL_TESTS), "--davy-bench-options", told.to_json()),
            *("-q", "-q", "--no-summary", "-o", "console_output_style=classic"),
            "--tb=long" if verbose else "--tb=short",
        ]
        if select:
            words += ["-k", select]
        made = Path(name, "junit.xml")
        if junit is not None:
            words += ["--junit-xml", str(made)]
        if benches > 1:
            words += ["--dist", "each", "--tx", f"{benches}*popen", "--max-worker-restart", "0"]
        make_room(Path(name), benches)
        status, ended_by = _run([*words, str(HIL_TESTS)])
        _check_input(Path(name), select, 0 if ended_by else status)
        if junit is not None and made.exists():
            write_whole(junit, made.read_bytes())
        return Ran(summaries_in(Path(name), benches), status, ended_by)


def _run(words: Sequence[str]) -> tuple[int, int]:
    # In a session of its own a Ctrl-C comes to this process alone, and from here to all that belongs to the suite.
    told: list[int] = []
    process: subprocess.Popen[bytes] | None = None

    def hand_on(number: int, _: FrameType | None = None) -> None:
        told.append(number)
        if len(told) == 1:
            # Not by print: it may be in the middle of one.
            os.write(2, _ENDING)
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number if len(told) == 1 else signal.SIGKILL)

    leash, end = os.pipe()
    before = {number: signal.signal(number, hand_on) for number in SIGNALS}
    try:
        with signals_wait():
            process = subprocess.Popen(
                [*words, "--davy-bench-leash", str(leash)], start_new_session=True, pass_fds=(leash,)
            )
        if told:
            os.killpg(process.pid, told[0])
        return process.wait(), told[0] if told else 0
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(leash)
        os.close(end)


def _check_input(folder: Path, select: str, status: int) -> None:
    told = folder / INPUT_ERROR
    if told.exists():
        where, problem, hint = json.loads(told.read_text())
        raise InputError(where, problem, hint)
    _check_selected(select, status)


def _check_expression(select: str) -> None:
    try:
        Expression.compile(select or "all")
    except SyntaxError as error:
        raise InputError(
            "-k", f"{select!r} is no expression", "words with and, or, not and brackets: 'latch or power'"
        ) from error


def _check_selected(select: str, status: int) -> None:
    if status == _NOTHING_SELECTED:
        raise InputError("-k", f"{select!r} selects no test", "part of a test's name: davy bench run --list shows them")


def tests_of(select: str = "") -> Sequence[str]:
    """Names of the suite's tests, as -k takes parts of them. Raises InputError when there is none."""
    _check_expression(select)
    words = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "davy.bench.plugin",
        "-p",
        "no:cacheprovider",
        "-c",
        os.devnull,
        "-q",
    ]
    words += ["--rootdir", str(HIL_TESTS), "--collect-only", "-o", "console_output_style=classic"]
    done = subprocess.run(
        [*words, *(("-k", select) if select else ()), str(HIL_TESTS)], capture_output=True, text=True, check=False
    )
    _check_selected(select, done.returncode)
    return [line.rpartition("/")[2] for line in done.stdout.splitlines() if "::" in line]
