"""What a fixture does next. A pure function of where it is and what has just happened; nothing here waits or fails.

idle -> probing -> allocating -> flashing (try 1..n) -> testing -> labelling -> passed
                                                                             -> failed       the fail bin
                                                                             -> not judged   nothing is said of the unit
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from davy.station.outcome import EXIT_FAIL, EXIT_INPUT, EXIT_PASS, Outcome

#: A board that was just put on its pins may miss the first probe.
PROBES = 2
AGAIN = "check fixture and cable, then start it again (it keeps its serial)"
#: Steps of the flashing tool in which the unit runs its own firmware.
_TEST_STEPS = ("hello", "self_test")


class Stage(Enum):
    """Where a fixture is."""

    IDLE = "idle"
    PROBING = "probing"
    ALLOCATING = "allocating"
    FLASHING = "flashing"
    TESTING = "testing"
    LABELLING = "labelling"
    PASSED = "passed"
    FAILED = "failed"
    NOT_JUDGED = "not judged"


#: A fixture in one of these may be started.
AT_REST = (Stage.IDLE, Stage.PASSED, Stage.FAILED, Stage.NOT_JUDGED)


class Cause(Enum):
    """Who has to do something about it."""

    NONE = "none"
    UNIT = "unit"
    INPUT = "input"
    DESK = "desk"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Progress:
    """A fixture's state. `bauds` is the retry ladder, a rung a try; `attempt` counts tries from 1."""

    bauds: tuple[int, ...]
    stage: Stage = Stage.IDLE
    cause: Cause = Cause.NONE
    probes: int = 0
    attempt: int = 0
    mac: str = ""
    serial: str = ""
    rework: bool = False
    text: str = ""

    @property
    def baud(self) -> int:
        """Of the try that runs or ran last."""
        return self.bauds[max(0, self.attempt - 1)]


def ladder(baud: int, lower_baud: int, attempts: int) -> tuple[int, ...]:
    """The same baud once more, then the lower one: (460800, 460800, 115200) for three tries."""
    return (baud, baud, *[lower_baud] * attempts)[:attempts]


# What has happened.
@dataclass(frozen=True)
class Start:
    """The operator, or --auto."""


@dataclass(frozen=True)
class Probed:
    """A chip answered."""

    mac: str


@dataclass(frozen=True)
class Broke:
    """A step could not be done; `again` if doing it once more may help."""

    cause: Cause
    text: str
    again: bool = False


@dataclass(frozen=True)
class Allocated:
    """The unit has a serial, and its folder with keys is there."""

    serial: str
    rework: bool


@dataclass(frozen=True)
class Stepped:
    """The flashing tool is at this step."""

    step: str


@dataclass(frozen=True)
class Flashed:
    """A try has ended; `complaints` are those of the station about one that passed."""

    outcome: Outcome
    complaints: tuple[str, ...] = ()


@dataclass(frozen=True)
class Labelled:
    """The label is out."""


@dataclass(frozen=True)
class Stop:
    """Told to stop, and what ran has ended."""


Event = Start | Probed | Broke | Allocated | Stepped | Flashed | Labelled | Stop


class Action(Enum):
    """What to do next; the values that it needs are in the progress."""

    NOTHING = "nothing"
    PROBE = "probe"
    ALLOCATE = "allocate"
    FLASH = "flash"
    LABEL = "label"
    FINISH = "finish"


def decide(now: Progress, event: Event) -> tuple[Progress, Action]:
    """(progress, action). Raises ValueError for an event that cannot happen there: a bug of the caller."""
    stage = now.stage
    if isinstance(event, Start) and stage in AT_REST:
        return Progress(now.bauds, Stage.PROBING, probes=1), Action.PROBE
    if isinstance(event, Stop) and stage not in AT_REST:
        return _not_judged(now, Cause.STOPPED, "stopped; not judged")
    if isinstance(event, Broke) and stage not in AT_REST:
        if stage is Stage.PROBING and event.again and now.probes < PROBES:
            return replace(now, probes=now.probes + 1, text=event.text), Action.PROBE
        return _not_judged(now, event.cause, event.text)
    if isinstance(event, Probed) and stage is Stage.PROBING:
        return replace(now, stage=Stage.ALLOCATING, mac=event.mac, text=""), Action.ALLOCATE
    if isinstance(event, Allocated) and stage is Stage.ALLOCATING:
        given = replace(now, stage=Stage.FLASHING, serial=event.serial, rework=event.rework, attempt=1)
        return given, Action.FLASH
    if isinstance(event, Stepped) and stage in (Stage.FLASHING, Stage.TESTING):
        return replace(now, stage=Stage.TESTING if event.step in _TEST_STEPS else stage), Action.NOTHING
    if isinstance(event, Flashed) and stage in (Stage.FLASHING, Stage.TESTING):
        return _after_flash(now, event)
    if isinstance(event, Labelled) and stage is Stage.LABELLING:
        return replace(now, stage=Stage.PASSED, text="passed"), Action.FINISH
    raise ValueError(f"{type(event).__name__} while {stage.value}")


def _after_flash(now: Progress, event: Flashed) -> tuple[Progress, Action]:
    outcome = event.outcome
    if outcome.exit == EXIT_PASS and not event.complaints:
        return replace(now, stage=Stage.LABELLING, text=""), Action.LABEL
    if outcome.exit == EXIT_PASS:
        return _failed(now, Cause.UNIT, "; ".join(event.complaints))
    if outcome.exit == EXIT_FAIL:
        return _failed(now, Cause.UNIT, outcome.text)
    if outcome.exit == EXIT_INPUT:
        return _not_judged(now, Cause.INPUT, outcome.text)
    if now.attempt < len(now.bauds):
        return replace(now, stage=Stage.FLASHING, attempt=now.attempt + 1, text=outcome.text), Action.FLASH
    return _failed(now, Cause.DESK, f"{outcome.text}, {now.attempt} tries; {AGAIN}")


def _failed(now: Progress, cause: Cause, text: str) -> tuple[Progress, Action]:
    return replace(now, stage=Stage.FAILED, cause=cause, text=text), Action.FINISH


def _not_judged(now: Progress, cause: Cause, text: str) -> tuple[Progress, Action]:
    return replace(now, stage=Stage.NOT_JUDGED, cause=cause, text=text), Action.FINISH
