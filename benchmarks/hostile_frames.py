"""Millions of corrupted, truncated, spliced, forged and replayed frames of every type, sealed and bare: none may be taken.

Each goes through the host's decoder and the check of its seal; every second also through the board's, which must say the same;
every fourth also over a serial line with a good frame behind it, which must be heard; and one in twenty of all goes the
monitor's whole way, to a database that must hold each event once however often it comes. Packets are drawn by chunks, each
from the seed and its own number: --chunk repeats one alone.

Wrong is: bytes that nobody sent and that are taken (by their CRC when it was not made right again, else by their seal); two
answers to the same bytes; an event stored twice or not at all; anything raised. Exit status 1 when anything is.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from davy.paths import ROOT

sys.path.insert(0, str(ROOT / "host" / "tests"))

from support.hostile_judge import Counts, Judge
from support.hostile_store import StoreJudge

CHUNK = 50_000
#: Of a chunk, to the database.
STORED = CHUNK // 20
PROCESSES = 2


class Found(NamedTuple):
    """What became of packets: in the decoders, in the database, what was wrong there, and the processor's seconds."""

    counts: Counts
    stored: Counter[str]
    failures: list[str]
    busy_s: float


def one_chunk(task: tuple[int, int, int]) -> Found:
    """Of (seed, chunk, packets)."""
    seed, chunk, count = task
    began = time.process_time()
    with tempfile.TemporaryDirectory() as name:
        stored, failures = StoreJudge(seed, chunk, Path(name)).run(min(STORED, count // 20))
    counts = Judge(seed, chunk).run(count - stored.total())
    return Found(counts, stored, failures, time.process_time() - began)


def run_all(tasks: list[tuple[int, int, int]]) -> Found:
    """Everything together."""
    counts, stored, failures, busy_s = Counts(), Counter[str](), list[str](), 0.0
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        multiprocessing.get_context("spawn").Pool(min(PROCESSES, len(tasks))) as pool,
        Progress(*columns, console=Console(stderr=True)) as progress,
    ):
        bar = progress.add_task("packets", total=sum(task[2] for task in tasks))
        for one in pool.imap_unordered(one_chunk, tasks):
            counts.add(one.counts)
            stored += one.stored
            failures += one.failures
            busy_s += one.busy_s
            progress.advance(bar, one.counts.made + one.stored.total())
    return Found(counts, stored, failures, busy_s)


def main() -> int:
    """0 when nothing was wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000_000, help="packets (10,000,000)")
    parser.add_argument("--seed", type=int, help="of the dice (random, and said)")
    parser.add_argument("--chunk", type=int, help="only this chunk")
    options = parser.parse_args()
    if options.count < 1:
        parser.error(f"--count: {options.count} is not 1 or more")
    seed = random.SystemRandom().getrandbits(31) if options.seed is None else options.seed
    sizes = [min(CHUNK, options.count - at) for at in range(0, options.count, CHUNK)]
    tasks = [(seed, at, size) for at, size in enumerate(sizes) if options.chunk in (None, at)]
    if not tasks:
        parser.error(f"--chunk: {options.chunk} is not 0..{len(sizes) - 1}")
    began = time.perf_counter()
    counts, stored, failures, busy_s = run_all(tasks)
    took_s = time.perf_counter() - began
    total = counts.made + stored.total()
    print(
        f"{total:,} packets, seed {seed}, in {took_s:.0f} s: {total / took_s:,.0f} a second; "
        f"{PROCESSES} processes, {busy_s:.0f} s of processor time"
    )
    print(f"  {counts.made:,} to the decoders, {counts.mended:,} of them with their CRC made right again;")
    print(f"  {counts.by_board:,} also to the board's, {counts.by_line:,} also over a serial line")
    print("how they were made: " + ", ".join(f"{name} {n:,}" for name, n in counts.kinds.most_common()))
    print("refused, lines' too:")
    for name, n in counts.reasons.most_common():
        print(f"  {n:>12,}  {name}")
    print(f"byte for byte what was sent, and taken: {counts.as_they_were:,}")
    print("to the database: " + ", ".join(f"{name} {n:,}" for name, n in stored.most_common()))
    for said in (*counts.failures, *failures[:20]):
        print(f"WRONG {said}")
    print(
        f"accepted wrongly {counts.wrong}, crashes {counts.crashes}, host and board of two minds {counts.two_answers}, "
        f"wrong in the database {len(failures)}"
    )
    return 1 if counts.wrong or counts.crashes or counts.two_answers or failures else 0


if __name__ == "__main__":
    sys.exit(main())
