"""What happens in a run, drawn from a seed: the same seed gives the same plan, on any machine.

What it does not fix is the order in which processes get the processor: a run that failed is repeated as often as it takes.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from davy.chaos.hurts import ACTS, BOARD, HURTS, KINDS, Kind

BROKERS = ("mosquitto", "amqtt")
#: Parts in the cast. Only of units is anything to be stored.
UNIT, REVOKED, UNKNOWN, TWIN, IMPOSTOR = "unit", "revoked", "unknown", "twin", "impostor"
STRANGE_PARTS = (REVOKED, UNKNOWN, TWIN, IMPOSTOR)

#: Wall ms in which everything happens; then all is healed, and what waits is to arrive.
_SHORT_MS = (1_400, 2_200)
#: So that the preheat is over, and valves can be opened and have to close.
_LONG_MS = 10_500
#: A board waits in whole milliseconds of the wall clock, some thirty times in each of its seconds: faster, and it falls behind.
_SPEED, _LONG_SPEED = 20.0, 25.0
_LONG_SHARE = 0.12
_PROGRAM_SHARE = 0.1
_STRANGE_BOARD_SHARE = 0.3
#: Virtual s after power: the preheat of 180 s is over, also for a board that lags behind by some of them.
_PREHEATED_S = 198
_GAS_LATEST_MS = 500


@dataclass(frozen=True)
class Step:
    """At wall ms `at_ms` of the run `what` (a name in KINDS) happens to board number `board` (None: to no board).

    It is healed `lasts_ms` later (0: nothing to heal). `number` is what the kind needs beside.
    """

    at_ms: int
    what: str
    board: int | None = None
    lasts_ms: int = 0
    number: int = 0

    def words(self) -> str:
        kind = KINDS[self.what]
        where = f"board {self.board}" if self.board is not None else kind.where
        lasts = f", for {self.lasts_ms} ms" if self.lasts_ms else ""
        return f"{where}: {kind.words.format(number=self.number)}{lasts}"


@dataclass(frozen=True)
class Plan:
    """A run: who plays, on what, how fast (virtual seconds a wall second), and the steps in their order."""

    seed: int
    broker: str
    tls: bool
    persistence: bool
    program: bool
    speed: float
    cast: tuple[str, ...]
    lasts_ms: int
    steps: tuple[Step, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def draw_plan(seed: int, broker: str, tls: bool, *, only: Sequence[str] = ()) -> Plan:
    """The plan of a seed. With `only`, every hurt is one of those names: for a test of what they must find."""
    chance = random.Random(f"davy chaos {seed}")
    is_long = chance.random() < _LONG_SHARE
    lasts_ms = _LONG_MS if is_long else chance.randrange(*_SHORT_MS)
    cast = [UNIT] * chance.choice((2, 2, 3))
    if chance.random() < _STRANGE_BOARD_SHARE:
        cast.append(chance.choice(STRANGE_PARTS))
    hurts = [kind for kind in HURTS if not only or kind.name in only]
    steps = [_draw(chance, ACTS, lasts_ms, cast, acts=True) for _ in range(chance.randrange(4, 10))]
    steps += [_draw(chance, hurts, lasts_ms, cast) for _ in range(chance.randrange(3, 9))]
    if is_long:
        units = [board for board, part in enumerate(cast) if part == UNIT]
        steps += [Step(0, "commission", board, number=_PREHEATED_S) for board in units]
        steps.append(Step(0, "late_gas", units[0], number=_PREHEATED_S + 14))
    return Plan(
        seed=seed,
        broker=broker,
        tls=tls,
        persistence=chance.random() < 0.5,
        program=chance.random() < _PROGRAM_SHARE,
        speed=_LONG_SPEED if is_long else _SPEED,
        cast=tuple(cast),
        lasts_ms=lasts_ms,
        steps=tuple(sorted(steps, key=lambda step: step.at_ms)),
    )


def _draw(chance: random.Random, kinds: Sequence[Kind], lasts_ms: int, cast: list[str], acts: bool = False) -> Step:
    kind = chance.choices(kinds, [kind.weight for kind in kinds])[0]
    low, high = kind.lasts_ms
    # Gas early: an alarm during the preheat takes a quarter of a minute of the board's time.
    latest_ms = _GAS_LATEST_MS if kind.name == "gas" else lasts_ms - 100
    return Step(
        at_ms=chance.randrange(50 if acts else 0, latest_ms),
        what=kind.name,
        board=chance.randrange(len(cast)) if kind.where == BOARD else None,
        lasts_ms=chance.randint(low, high),
        number=chance.randint(*kind.number),
    )
