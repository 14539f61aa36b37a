"""Every test of the bench's suite, with a fault in the firmware that it is there to find; and how one is tried."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from davy.errors import EXIT_FAILED, EXIT_OK
from davy.paths import FIRMWARE, HIL_TESTS
from support.seeded_fault import Fault
from support.seeded_faults_acting import ACTING
from support.seeded_faults_sensing import SENSING
from support.seeded_faults_telling import TELLING

FAULTS: tuple[Fault, ...] = (*SENSING, *ACTING, *TELLING)
#: What no program can spoil, because none runs then: that the wiring and the valve are right is what the test asks.
BEYOND_FIRMWARE = frozenset({"test_a_power_cut_shuts_a_held_valve"})
_WITHIN_S = 900.0  # of a machine that does other things as well


@dataclass(frozen=True)
class Verdict:
    """Which tests failed and which ran at all; `broken` says why a run has no verdict on its device, "" when it has one."""

    failed: frozenset[str]
    ran: frozenset[str]
    broken: str = ""


def suite_tests(folder: Path = HIL_TESTS) -> list[str]:
    """Names of all tests, as they stand in the files."""
    return [
        node.name
        for file in sorted(folder.glob("test_*.py"))
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]


def plant(fault: Fault, folder: Path, tree: Path = FIRMWARE) -> Path:
    """A copy of the firmware with the fault in it. ValueError when its text is not there exactly once."""
    source = (tree / fault.file).read_text()
    if source.count(fault.old) != 1:
        raise ValueError(f"{fault.name}: its text is {source.count(fault.old)} times in {fault.file}, not once")
    copy = folder / fault.name
    shutil.copytree(tree, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / fault.file).write_text(source.replace(fault.old, fault.new))
    return copy


def try_suite(firmware: Path, records: Path, board: str = "virtual", only: Collection[str] = ()) -> Verdict:
    """`davy bench run` on a virtual bench with that firmware: all of the suite, or some of its tests."""
    junit = records.with_suffix(".xml")
    words = [sys.executable, "-m", "davy", "bench", "run", "--firmware", str(firmware), "--board", board]
    words += ["--records", str(records), "--junit", str(junit)]
    words += ["-k", " or ".join(sorted(only))] if only else []
    done = subprocess.run(words, capture_output=True, text=True, timeout=_WITHIN_S, check=False)
    if done.returncode not in (EXIT_OK, EXIT_FAILED):
        said = f"{done.stdout[-500:]}{done.stderr[-500:]}".strip()
        return Verdict(frozenset(), frozenset(), f"exit status {done.returncode}: {said}")
    return _verdict(ElementTree.parse(junit).getroot())


def _verdict(results: ElementTree.Element) -> Verdict:
    cases = [(case.attrib["name"], {child.tag for child in case}) for case in results.iter("testcase")]
    return Verdict(
        frozenset(name for name, tags in cases if tags & {"failure", "error"}),
        frozenset(name for name, tags in cases if "skipped" not in tags),
    )
