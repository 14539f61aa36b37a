"""One run of a plan: everything started, hurt as planned, healed, drained, ended, and judged."""

from __future__ import annotations

import functools
import heapq
import itertools
import json
import shutil
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from davy.chaos.database import read_contents, stored_keys
from davy.chaos.plan import UNIT, Plan, Step
from davy.chaos.reconcile import TROUBLE, Counts, Violation, reconcile
from davy.chaos.stage import UNTOUCHED, Lane, Sabotage, Stage
from davy.chaos.striker import Striker
from davy.chaos.world import World

#: Wall s from the healing of everything until nothing waits any more. Back-off of boards and of the monitor is in it.
DRAIN_S = 30.0
_LOOK_S = 0.02
#: So long it is waited for boards that are nobody to have been refused, and for commands to be answered: it is no fault without.
_STRANGERS_S = 8.0
#: Journals empty and an event not stored for so long: it is lost, and no waiting brings it back.
_HOPELESS_S = 1.5

Say = Callable[[str], None]


@dataclass
class Outcome:
    """What a run gave. `kept` is the folder of a failed one, None where nothing was to be kept."""

    plan: Plan
    violations: list[Violation]
    counts: Counts
    story: list[str] = field(repr=False)
    wall_s: float
    drain_s: float
    kept: Path | None = None

    @property
    def repeat(self) -> str:
        """The command that repeats it."""
        transport = "--tls" if self.plan.tls else "--plain"
        return f"davy chaos --seed {self.plan.seed} --runs 1 --broker {self.plan.broker} {transport} -v"


def run_plan(
    plan: Plan,
    world: World,
    lane: Lane,
    *,
    keep: Path | None = None,
    say: Say = lambda text: None,
    sabotage: Sabotage = UNTOUCHED,
    drain_s: float = DRAIN_S,
    settled: bool = False,
) -> Outcome:
    """Run and judge. With `keep`, a folder, everything of a failed run is left there under its seed.

    `settled`: the plan begins when every unit has been heard, for a test whose steps need that.
    """
    began_s = time.monotonic()
    story: list[str] = []

    def tell(text: str) -> None:
        line = f"{(time.monotonic() - began_s) * 1000:7.0f} ms  {text}"
        story.append(line)
        say(line)

    with tempfile.TemporaryDirectory(prefix="davy-chaos-") as name:
        folder = Path(name)
        tell(f"seed {plan.seed}, {plan.broker}, {'TLS' if plan.tls else 'plain'}, cast {', '.join(plan.cast)}")
        with Stage(plan, world, folder, lane, tell, sabotage) as stage:
            if settled:
                tell("everybody is heard" if _Drain(stage, DRAIN_S).wait() else "not everybody is heard")
                for record in stage.records:
                    record.drained = None  # that was the beginning, and not the end
            _play(plan, stage, tell)
            stage.heal()
            tell("healed")
            healed_s = time.monotonic()
            drained = _Drain(stage, drain_s).wait()
            drained_s = time.monotonic() - healed_s
            tell("drained" if drained else f"not drained after {drained_s:.1f} s")
        violations, counts = reconcile(stage.records, read_contents(stage.db))
        violations += [Violation(TROUBLE, text) for text in stage.monitor.deaths]
        violations += [
            Violation(TROUBLE, f"board {life.record.source}: {life.error!r}") for life in stage.lives if life.error
        ]
        for violation in violations:
            tell(f"{violation.verdict.upper()}: {violation.words}")
        outcome = Outcome(plan, violations, counts, story, time.monotonic() - began_s, drained_s)
        if violations and keep is not None:
            outcome.kept = _keep(outcome, stage, folder, keep)
        return outcome


def _play(plan: Plan, stage: Stage, tell: Say) -> None:
    order = itertools.count()
    agenda: list[tuple[int, int, str, Callable[[], object]]] = []

    def happen(at_ms: int, words: str, what: Callable[[], object]) -> None:
        heapq.heappush(agenda, (at_ms, next(order), words, what))

    striker = Striker(stage)

    def strike(step: Step) -> None:
        heal = striker.strike(step)
        if heal is not None:
            happen(step.at_ms + step.lasts_ms, f"healed: {step.words()}", heal)

    for step in plan.steps:
        happen(step.at_ms, step.words(), functools.partial(strike, step))
    began_s = time.monotonic()
    pause = threading.Event()
    while True:
        now_ms = (time.monotonic() - began_s) * 1000
        while agenda and agenda[0][0] <= min(now_ms, plan.lasts_ms):
            _, _, words, what = heapq.heappop(agenda)
            tell(words)
            what()
        if now_ms >= plan.lasts_ms:
            return
        stage.tick()
        next_ms = min(agenda[0][0] if agenda else plan.lasts_ms, plan.lasts_ms)
        pause.wait(min(_LOOK_S, max(0.0, next_ms - now_ms) / 1000))


class _Drain:
    """Until every event that a board has told is stored, and no journal holds one. Looks, and does not hope."""

    def __init__(self, stage: Stage, within_s: float) -> None:
        self._stage = stage
        self._deadline = time.monotonic() + within_s
        self._strangers_until_s = time.monotonic() + min(within_s, _STRANGERS_S)
        self._hopeless_since_s: float | None = None

    def wait(self) -> bool:
        """True once it is so; False when it is not in time, or cannot come about any more."""
        pause = threading.Event()
        while time.monotonic() < self._deadline:
            self._stage.tick()
            if self._look():
                return True
            if self._hopeless_since_s is not None and time.monotonic() - self._hopeless_since_s > _HOPELESS_S:
                return False
            pause.wait(_LOOK_S)
        return False

    def _look(self) -> bool:
        bound = self._stage.bound()
        lives = self._stage.lives
        believed = [life for life in lives if bound.get(life.record.identifier) == life.record.source]
        units = {life.record.identifier for life in lives if life.record.part == UNIT}
        if units - {life.record.identifier for life in believed}:
            return False
        if not all(life.board.powered and life.record.waiting == 0 for life in believed):
            self._hopeless_since_s = None
            return False
        # First how far each board is, then what is stored: what comes between them is not missed.
        settled = [(len(life.record.told), life.record.now_ms) for life in believed]
        stored = stored_keys(self._stage.db, [life.record.source for life in believed])
        for life, (count, _) in zip(believed, settled, strict=True):
            if any((life.record.source, told.session, told.seq) not in stored for told in life.record.told[:count]):
                # No journal holds it, and the database neither: where should it come from?
                self._hopeless_since_s = self._hopeless_since_s or time.monotonic()
                return False
        if time.monotonic() < self._strangers_until_s and self._stage.owes_a_hearing():
            return False
        for life, each in zip(believed, settled, strict=True):
            life.record.drained = each
        return True


def _as_text(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else list(value) if isinstance(value, deque) else str(value)


def _keep(outcome: Outcome, stage: Stage, folder: Path, keep: Path) -> Path:
    plan = outcome.plan
    target = keep / f"seed-{plan.seed}-{plan.broker}-{'tls' if plan.tls else 'plain'}"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(folder, target)
    (target / "plan.json").write_text(json.dumps(plan.to_json(), indent=1))
    (target / "story.txt").write_text("\n".join(outcome.story) + f"\nrepeat: {outcome.repeat}\n")
    records = [asdict(record) for record in stage.records]
    (target / "records.json").write_text(json.dumps(records, indent=1, default=_as_text))
    target.chmod(0o700)
    return target
