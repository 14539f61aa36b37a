"""Runs the suite in a process of its own, and says what became of each bench."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from davy.bench.options import BenchOptions
from davy.bench.session import Summary
from davy.errors import InputError
from davy.paths import HIL_TESTS

INPUT_ERROR = "input-error.json"
_NOTHING_SELECTED = 5


@dataclass(frozen=True)
class Ran:
    """`summaries`, one a bench that got as far as to have one; `status` is pytest's."""

    summaries: tuple[Summary, ...]
    status: int


def run_suite(
    options: BenchOptions, benches: int, select: str = "", junit: Path | None = None, verbose: bool = False
) -> Ran:
    """Every bench runs every test on its own device, all at once. Raises InputError for what a bench's file or the selection asks for.

    What the suite prints goes to this process's terminal.
    """
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
        if junit is not None:
            words += ["--junit-xml", str(junit.resolve())]
        if benches > 1:
            words += ["--dist", "each", "--tx", f"{benches}*popen"]
        done = subprocess.run([*words, str(HIL_TESTS)], check=False)
        _check_input(Path(name), select, done.returncode)
        found = sorted(Path(name).glob("bench-*.json"))
        return Ran(tuple(Summary(**json.loads(each.read_text())) for each in found), done.returncode)


def _check_input(folder: Path, select: str, status: int) -> None:
    told = folder / INPUT_ERROR
    if told.exists():
        where, problem, hint = json.loads(told.read_text())
        raise InputError(where, problem, hint)
    if status == _NOTHING_SELECTED:
        raise InputError("-k", f"{select!r} selects no test", "part of a test's name: davy bench run --list shows them")


def tests_of(select: str = "") -> Sequence[str]:
    """Names of the suite's tests, as -k takes parts of them."""
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
        "-q",
    ]
    words += ["--rootdir", str(HIL_TESTS), "--collect-only", "-o", "console_output_style=classic"]
    done = subprocess.run(
        [*words, *(("-k", select) if select else ()), str(HIL_TESTS)], capture_output=True, text=True, check=False
    )
    return [line.rpartition("/")[2] for line in done.stdout.splitlines() if "::" in line]
