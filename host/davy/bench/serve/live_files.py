"""RECORDS/live/*.json: what each bench says of itself, taken with caution, since any version of davy may have written it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from davy.bench.record_file import LIVE
from davy.bench.results import Measurement, Outcome, Verdict

#: A live file is some kilobytes. What is larger is not one, and is not read.
_MOST_BYTES = 1_000_000
_MOST_BENCHES = 64


class _Lenient(BaseModel):
    # A newer bench may say more; what this page shows it must say right.
    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


class LiveMeasurement(_Lenient):
    """As results.Measurement."""

    name: str
    value: float | None = None
    unit: str = "1"
    low: float | None = None
    high: float | None = None
    marginal: float | None = None
    verdict: Verdict

    @model_validator(mode="after")
    def _has_a_limit(self) -> LiveMeasurement:
        if self.low is None and self.high is None:
            raise ValueError("a measurement without a limit")
        return self

    def measurement(self) -> Measurement:
        """As everything else takes it."""
        return Measurement(self.name, self.value, self.unit, self.low, self.high, self.marginal, self.verdict)


class LivePhase(_Lenient):
    """As results.Phase; of one that runs, `outcome` means nothing yet."""

    name: str
    started_ms: int = 0
    seconds: float = 0.0
    outcome: Outcome = "pass"
    why: str = ""
    measurements: list[LiveMeasurement] = Field(default_factory=list)


class LiveBench(_Lenient):
    """What one bench says (davy.bench.live). Times are Unix milliseconds; `planned` is None where nobody knows how many tests come.

    `last` are tests that ended, without what they measured; `failed` the last of those that failed, with what was not right.
    """

    bench: str
    serial: str
    operator: str = ""
    state: Literal["running", "ended"]
    started_ms: int = 0
    ended_ms: int | None = None
    heartbeat_ms: int
    planned: int | None = None
    counts: dict[str, int] = Field(default_factory=dict)
    phase: LivePhase | None = None
    last: list[LivePhase] = Field(default_factory=list)
    failed: list[LivePhase] = Field(default_factory=list)
    outcome: Outcome | None = None
    why: str = ""
    cause: str = ""
    record: str | None = None


def read_live(records: Path) -> list[LiveBench | str]:
    """By the names of their files: each bench, or for what is no live file its name. Raises OSError for a folder that went away."""
    return [_read(path) for path in sorted((records / LIVE).glob("[!.]*.json"))[:_MOST_BENCHES]]


def _read(path: Path) -> LiveBench | str:
    try:
        with path.open("rb") as file:
            return LiveBench.model_validate(json.loads(file.read(_MOST_BYTES)))
    except (OSError, ValueError, ValidationError, RecursionError):
        return unquote(path.stem)
