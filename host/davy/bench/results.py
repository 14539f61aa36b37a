"""What a run of the suite gives: measurements in phases (one a test) in a run. Plain data, no file and no clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Verdict = Literal["pass", "marginal", "fail"]
#: error: the bench, not the device. A run is marginal when it passed and a measurement was.
Outcome = Literal["pass", "marginal", "fail", "error", "skip"]


@dataclass(frozen=True)
class Measurement:
    """One number with its limits, both of which are allowed; None for a side without one.

    `marginal` is the part of the band between the limits (0..1, around its middle; of one limit, the part of the way from 0 to
    it) within which a value passes without a remark. `value` None is a reading that was not there: it fails.
    """

    name: str
    value: float | None
    unit: str
    low: float | None
    high: float | None
    marginal: float | None
    verdict: Verdict


@dataclass(frozen=True)
class Waveform:
    """A course for the report: values in `unit` at milliseconds of the bench's clock, both of one length; `steps` for levels."""

    name: str
    unit: str
    t_ms: tuple[float, ...]
    values: tuple[float, ...]
    steps: bool = False


@dataclass
class Phase:
    """One test. Times are Unix milliseconds; `seconds` is what it took on the bench's clock, which may be virtual."""

    name: str
    started_ms: int
    ended_ms: int = 0
    seconds: float = 0.0
    outcome: Outcome = "pass"
    why: str = ""
    measurements: list[Measurement] = field(default_factory=list)
    waveforms: list[Waveform] = field(default_factory=list)


@dataclass
class RunResult:
    """A whole run on one device. `about`: versions, image hash, bench identity and its calibration date, git commit, host, seed.

    `why` says in a line what an outcome other than pass is due to; `cause` is one of errors.CAUSES when it is error.
    """

    serial: str
    bench: str
    operator: str
    started_ms: int
    ended_ms: int = 0
    outcome: Outcome = "pass"
    why: str = ""
    cause: str = ""
    phases: list[Phase] = field(default_factory=list)
    about: dict[str, Any] = field(default_factory=dict)
