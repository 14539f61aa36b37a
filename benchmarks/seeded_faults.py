"""One fault in the firmware for each test of the bench's suite: exactly the right tests fail, on a virtual bench.

The whole suite runs for each fault. Exit status 1 when any run differs from what host/tests/support/seeded_faults.py says.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from davy.paths import FIRMWARE, ROOT

sys.path.insert(0, str(ROOT / "host" / "tests"))

from support.seeded_fault import Fault
from support.seeded_faults import BEYOND_FIRMWARE, FAULTS, Verdict, plant, suite_tests, try_suite


def judge(fault: Fault, folder: Path, restricted: bool) -> Verdict:
    tree = plant(fault, folder, FIRMWARE)
    return try_suite(tree, folder / f"{fault.name}-records", fault.board, fault.fails if restricted else ())


def tell(fault: Fault, verdict: Verdict) -> bool:
    right = not verdict.broken and verdict.failed == fault.fails
    print(f"{'ok ' if right else 'NOT'} {fault.name} ({fault.file}): {len(verdict.ran)} ran, {_words(verdict.failed)}")
    if verdict.broken:
        print(f"      no verdict: {verdict.broken}")
    for word, tests in (("missed", fault.fails - verdict.failed), ("not expected", verdict.failed - fault.fails)):
        if tests:
            print(f"      {word}: {', '.join(sorted(tests))}")
    sys.stdout.flush()
    return right


def _words(failed: frozenset[str]) -> str:
    return f"{len(failed)} failed: {', '.join(each.removeprefix('test_') for each in sorted(failed)) or 'none'}"


def chosen(names: Sequence[str]) -> list[Fault]:
    unknown = set(names) - {fault.name for fault in FAULTS}
    if unknown:
        raise SystemExit(
            f"no such fault: {', '.join(sorted(unknown))}; there are {', '.join(each.name for each in FAULTS)}"
        )
    return [fault for fault in FAULTS if not names or fault.name in names]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="this fault; again for more")
    parser.add_argument("--jobs", type=int, default=2, help="runs at once")
    parser.add_argument("--restricted", action="store_true", help="only the tests that must fail: a quick look")
    options = parser.parse_args()
    faults = chosen(options.only)
    began_s, right = time.monotonic(), 0
    with tempfile.TemporaryDirectory(prefix="davy-seeded-") as name, ThreadPoolExecutor(options.jobs) as lanes:
        running = {lanes.submit(judge, fault, Path(name), options.restricted): fault for fault in faults}
        for done in as_completed(running):
            right += tell(running[done], done.result())
    tests = suite_tests()
    seeded = {test for fault in FAULTS for test in fault.fails}
    print(
        f"{right} of {len(faults)} faults fail exactly what they should, in {(time.monotonic() - began_s) / 60:.1f} min"
    )
    print(f"{len(seeded)} of {len(tests)} tests find one; beyond any program: {', '.join(sorted(BEYOND_FIRMWARE))}")
    return 0 if right == len(faults) else 1


if __name__ == "__main__":
    sys.exit(main())
