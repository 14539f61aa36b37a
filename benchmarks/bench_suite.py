"""The suite of hil_tests: on one virtual bench on one core beside the limit of 90 s, and eight at once beside one after the other.

    python benchmarks/bench_suite.py [--benches 8] [--ways virtual,emulated,labgrid]

`virtual`: in this process's virtual time. `emulated`: through the rig's real firmware. `labgrid`: the same, at a place of a coordinator
(needs `make labgrid`). Exit status 1 when a device fails, a limit is passed, or eight are less than 1.7 x as fast as one by one.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMIT_S = 90.0
LEAST_RATIO = 1.7
WAYS = ("virtual", "emulated", "labgrid")
DAVY = (sys.executable, "-m", "davy", "bench")


def timed(words: list[str], cores: int, folder: Path, davy: tuple[str, ...] = DAVY) -> float:
    """Seconds of one `davy bench run` on so many cores; ends the benchmark when a device or a bench failed."""
    mine = sorted(os.sched_getaffinity(0))
    began_s = time.perf_counter()
    done = subprocess.run(
        [*davy, "run", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: os.sched_setaffinity(0, mine[:cores]),
    )
    seconds = time.perf_counter() - began_s
    if done.returncode != 0:
        sys.exit(f"davy bench run {' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return seconds


@contextlib.contextmanager
def emulated(folder: Path, *more: str) -> Iterator[None]:
    """Emulated benches, their files in the folder."""
    process = subprocess.Popen(
        [*DAVY, "emulate", "-o", "bench.yaml", *more], cwd=folder, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "ends with" in line:
            break
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def through_labgrid(folder: Path) -> float:
    """One run at a place of a coordinator on this machine."""
    layer = ROOT / ".venv-labgrid" / "bin"
    if not layer.is_dir():
        sys.exit("labgrid: there is no .venv-labgrid; make labgrid builds it")
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with contextlib.ExitStack() as stack:
        stack.enter_context(emulated(folder, "--exporter", "exporter.yaml"))
        for words, ready in (
            ([str(layer / "labgrid-coordinator"), "-l", address], "listening"),
            ([str(layer / "labgrid-exporter"), "-c", address, "-n", "desk", "exporter.yaml"], "ready"),
        ):
            process = subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            stack.callback(process.wait)
            stack.callback(process.terminate)
            assert process.stdout is not None
            while ready not in process.stdout.readline():
                pass
        for words in (["create"], ["add-match", "*/emulated-1/*"]):
            client = [str(layer / "labgrid-client"), "-x", address, "-p", "emulated-1", *words]
            subprocess.run(client, check=True, capture_output=True)
        told = f"schema: 1\nname: lab\nlabgrid:\n  coordinator: {address}\n  place: emulated-1\n"
        (folder / "lab.yaml").write_text(told)
        return timed(["--bench", "lab.yaml"], 2, folder, (str(layer / "python"), "-m", "davy", "bench"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--benches", type=int, default=8)
    parser.add_argument("--ways", default=",".join(WAYS[:2]))
    options = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory(prefix="davy-bench-suite-") as name:
        folder = Path(name)
        if "virtual" in options.ways:
            one_s = timed([], 1, folder)
            failed |= one_s > LIMIT_S
            print(
                f"one virtual bench, one core        {one_s:6.1f} s   {one_s / LIMIT_S:5.2f} x the limit of {LIMIT_S:g} s"
            )
            two_s = timed([], 2, folder)
            many_s = timed(["--count", str(options.benches)], 2, folder)
            ratio = options.benches * two_s / many_s
            failed |= ratio < LEAST_RATIO
            print(f"one virtual bench, two cores       {two_s:6.1f} s")
            print(
                f"{options.benches} virtual benches, two cores       {many_s:6.1f} s   {ratio:5.2f} x one after the other (at least {LEAST_RATIO:g})"
            )
        if "emulated" in options.ways:
            with emulated(folder):
                through_s = timed(["--bench", "bench.yaml"], 2, folder)
            print(f"through the rig's firmware         {through_s:6.1f} s")
        if "labgrid" in options.ways:
            print(f"through labgrid's coordinator      {through_labgrid(folder):6.1f} s")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
