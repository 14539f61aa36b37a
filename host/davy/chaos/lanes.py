"""Many runs, side by side in lanes: each a process of its own, with its own nursery and network."""

from __future__ import annotations

import concurrent.futures
import itertools
import multiprocessing
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from davy.chaos.plan import BROKERS, Plan, draw_plan
from davy.chaos.reconcile import VERDICTS, Counts
from davy.chaos.run import Outcome, run_plan
from davy.chaos.stage import UNTOUCHED, Lane, Sabotage
from davy.chaos.world import World, make_world
from davy.paths import FIRMWARE

_IN_FLIGHT = 2  # of a lane: one that runs and one that waits, so that an end that was asked for is soon there


@dataclass
class Report:
    """All runs together; `counts` by broker."""

    runs: Counter[str] = field(default_factory=Counter)
    counts: dict[str, Counts] = field(default_factory=dict)
    violations: dict[str, Counter[str]] = field(default_factory=dict)
    failed: list[Outcome] = field(default_factory=list)
    wall_s: float = 0.0
    slowest_drain_s: float = 0.0

    def add(self, outcome: Outcome) -> None:
        broker = outcome.plan.broker
        self.runs[broker] += 1
        self.counts.setdefault(broker, Counts()).add(outcome.counts)
        self.violations.setdefault(broker, Counter(dict.fromkeys(VERDICTS, 0))).update(
            violation.verdict for violation in outcome.violations
        )
        self.slowest_drain_s = max(self.slowest_drain_s, outcome.drain_s)
        if outcome.violations:
            self.failed.append(outcome)


def plans(seed: int, brokers: Sequence[str], tls: bool) -> Iterator[Plan]:
    """Seed after seed from `seed` on; with two brokers, even seeds for the first and odd ones for the second."""
    for number in itertools.count(seed):
        yield draw_plan(number, brokers[number % len(brokers)], tls)


def run_many(
    folder: Path,
    *,
    runs: int | None,
    seed: int,
    brokers: Sequence[str] = BROKERS,
    tls: bool = True,
    lanes: int = 2,
    keep: Path | None = None,
    minutes: float | None = None,
    firmware: Path = FIRMWARE,
    on_outcome: Callable[[Outcome], None] = lambda outcome: None,
) -> Report:
    """Run until `runs` or `minutes` are over, in `lanes` processes; `folder` takes what all of them share.

    `firmware`: another tree than the shipped one, for a test of what must be found.
    """
    began_s = time.monotonic()
    make_world(folder, tls)
    deadline = began_s + minutes * 60 if minutes is not None else None
    report = Report()
    waiting = itertools.islice(plans(seed, brokers, tls), runs)
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(lanes, context, _begin, (str(folder), str(firmware))) as pool:
        try:
            pending: set[concurrent.futures.Future[Outcome]] = set()
            while True:
                if deadline is None or time.monotonic() < deadline:
                    for plan in itertools.islice(waiting, max(0, lanes * _IN_FLIGHT - len(pending))):
                        pending.add(pool.submit(_run, plan, keep))
                if not pending:
                    break
                done, pending = concurrent.futures.wait(pending, return_when=concurrent.futures.FIRST_COMPLETED)
                for each in done:
                    outcome = each.result()
                    report.add(outcome)
                    on_outcome(outcome)
        except BaseException:
            # The runs that are under way end by themselves, and nothing is left behind.
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    report.wall_s = time.monotonic() - began_s
    return report


def run_here(
    folder: Path,
    *,
    runs: int | None,
    seed: int,
    brokers: Sequence[str] = BROKERS,
    tls: bool = True,
    keep: Path | None = None,
    minutes: float | None = None,
    say: Callable[[str], None] = lambda line: None,
    sabotage: Sabotage = UNTOUCHED,
) -> Report:
    """The same, one after another in this process, told line by line."""
    began_s = time.monotonic()
    world = make_world(folder, tls)
    report = Report()
    with Lane() as lane:
        for plan in itertools.islice(plans(seed, brokers, tls), runs):
            if minutes is not None and time.monotonic() >= began_s + minutes * 60:
                break
            report.add(run_plan(plan, world, lane, keep=keep, say=say, sabotage=sabotage))
    report.wall_s = time.monotonic() - began_s
    return report


# In a lane's process

_own: list[tuple[World, Lane]] = []  # of one


def _begin(folder: str, firmware: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the harness's own: it lets a run come to its end
    threading.Thread(target=_end_with_the_harness, daemon=True).start()
    _own.append((World.load(Path(folder), Path(firmware)), Lane()))


def _end_with_the_harness() -> None:
    # However that ended: what its lanes have started ends with them.
    harness = multiprocessing.parent_process()
    assert harness is not None
    harness.join()
    os._exit(1)


def _run(plan: Plan, keep: Path | None) -> Outcome:
    world, lane = _own[0]
    return run_plan(plan, world, lane, keep=keep)
