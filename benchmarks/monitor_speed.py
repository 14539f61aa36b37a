"""Events a second into the monitor's database beside bare inserts, and memory over a million events.

The peer is SQLite alone: the same table and unique index, the same bytes, the same batch and pragmas (WAL, synchronous=FULL),
`executemany` of rows that are ready. davy's side is Store.ingest of sealed packets: frame and seal are checked, the values
range-checked, each event is counted to its session, and each gets its verdict. They take turns in one run; the ratio is the
median of the rounds' ratios, because a disk's commits vary. Packets are made outside the time that is measured.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from davy.codec import Event, Hello, Result, encode_frame, seal_frame, seal_key
from davy.monitor import Admit, Received, Store
from davy.monitor.registry import Enrolment, enrol
from davy.monitor.schema import open_database

GOAL = 0.5
BATCH = 200  # as MonitorService
UNITS = 50
ROUNDS, BATCHES = 15, 50
POINTS = 10

_INSERT = (
    "INSERT INTO events (source, session, seq, number, kind, gas, detail, value, event_uptime_ms, time_s, command_id, "
    "received_ms, frame) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def source_of(unit: int) -> bytes:
    return b"\x02\xda\x9f\x0c\x11\x22" + unit.to_bytes(2, "big")


def secret_of(unit: int) -> bytes:
    return unit.to_bytes(32, "big")


def events() -> Iterator[tuple[bytes, int, Event]]:
    """(source, seq, event) without end: every unit in turn."""
    for number in itertools.count():
        for unit in range(UNITS):
            yield source_of(unit), number + 1, Event(2, 1, 1, 5_210, 60_000 * number, number, 1_796_083_200, None)


def enrolled_store(path: Path) -> Store:
    """A store in which every unit is bound to its chip."""
    db = open_database(path)
    enrol(db, [Enrolment(f"88.118.8/GA{at}", "", "", "", "00" * 32, secret_of(at)) for at in range(UNITS)], 0)
    db.close()
    store = Store(path, Admit.REGISTERED)
    for at in range(UNITS):
        hello = Hello(0, 1, 0, 1, 0, 1, 1, bytes(8), bytes(16), 0, 0, None, 0, None, f"88.118.8/GA{at}")
        packet = seal_frame(seal_key(secret_of(at)), encode_frame(source_of(at), 7, 0, 0, hello))
        (verdict,) = store.ingest([Received(source_of(at).hex(), packet, 0)])
        assert verdict.result is Result.STORED, verdict.reason
    return store


class Packets:
    """Sealed packets of the stream of events, a batch at a time."""

    def __init__(self) -> None:
        self._events = events()
        self._keys = {source_of(at): seal_key(secret_of(at)) for at in range(UNITS)}

    def batch(self) -> list[Received]:
        return [
            Received(source.hex(), seal_frame(self._keys[source], encode_frame(source, 7, seq, 500_000, event)), 1)
            for source, seq, event in itertools.islice(self._events, BATCH)
        ]


def bare_database(path: Path) -> sqlite3.Connection:
    """The same tables, and nothing of davy's between them and the rows."""
    open_database(path).close()
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    return db


def bare_rows(stream: Iterator[tuple[bytes, int, Event]]) -> list[tuple[object, ...]]:
    return [
        (source.hex(), 7, seq, e.number, *e[:5], e.time_s, e.command_id, 1, encode_frame(source, 7, seq, 500_000, e))
        for source, seq, e in itertools.islice(stream, BATCH)
    ]


def compare(folder: Path) -> float:
    """Print both rates and give the median ratio."""
    store, bare = enrolled_store(folder / "davy.sqlite"), bare_database(folder / "bare.sqlite")
    packets, stream = Packets(), events()
    ours, theirs = [], []
    for _ in range(ROUNDS):
        batches = [packets.batch() for _ in range(BATCHES)]
        rows = [bare_rows(stream) for _ in range(BATCHES)]
        taken = [0.0, 0.0]
        for batch, ready in zip(batches, rows, strict=True):
            began = time.perf_counter()
            verdicts = store.ingest(batch)
            taken[0] += time.perf_counter() - began
            assert all(verdict.result is Result.STORED for verdict in verdicts)
            began = time.perf_counter()
            bare.execute("BEGIN IMMEDIATE")
            bare.executemany(_INSERT, ready)
            bare.execute("COMMIT")
            taken[1] += time.perf_counter() - began
        ours.append(BATCHES * BATCH / taken[0])
        theirs.append(BATCHES * BATCH / taken[1])
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    print(f"Store.ingest, sealed packets   {statistics.median(ours):>9,.0f} events/s")
    print(f"SQLite alone, ready rows       {statistics.median(theirs):>9,.0f} events/s")
    print(f"ratio                          {ratio:>9.2f}  (goal {GOAL}; batches of {BATCH}, {ROUNDS} rounds)")
    store.close()
    bare.close()
    return ratio


def memory(folder: Path, count: int) -> None:
    """Print this process's resident memory while so many events go in."""
    store, packets = enrolled_store(folder / "memory.sqlite"), Packets()
    process = psutil.Process(os.getpid())
    began = time.perf_counter()
    done, first = 0, 0.0
    print("events        RSS MiB")
    for point in range(POINTS + 1):
        while done < count * point // POINTS:
            store.ingest(packets.batch())
            done += BATCH
        resident = process.memory_info().rss / 1024 / 1024
        # The first tenth fills caches: SQLite's pages, and what is remembered of each unit.
        first = resident if point == 1 else first
        print(f"{done:>9,}    {resident:>7.1f}", flush=True)
    print(f"{resident - first:+.1f} MiB from the first tenth to the last; {time.perf_counter() - began:.0f} s")
    store.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000, help="for the curve of memory; 0: without it")
    parser.add_argument("--folder", type=Path, help="on the disk that counts; else the system's for temporary files")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        compare(Path(name))
        if options.events:
            memory(Path(name), options.events)


if __name__ == "__main__":
    main()
