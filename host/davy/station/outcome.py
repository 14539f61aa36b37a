"""How one try on a unit ended, and what the station makes of it. Pure: no process, no file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from davy.station.desk import one_line

#: Of `davy flash`.
EXIT_PASS, EXIT_FAIL, EXIT_INPUT, EXIT_RETRY = range(4)
_VERDICTS = {EXIT_PASS: "pass", EXIT_FAIL: "fail", EXIT_INPUT: "error", EXIT_RETRY: "error"}
#: What of a flashing tool's record goes into the log; anything else stays out, whatever it is.
RECORD_KEYS = (
    "mac", "identifier", "firmware", "image_sha256", "written_bytes", "seconds", "self_test", "state",
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """`exit` as of `davy flash`: 0 pass, 1 the unit failed its test, 2 another try will not help, 3 it may help."""

    exit: int
    step: str
    text: str
    mac: str = ""
    record: Mapping[str, Any] | None = None

    @property
    def verdict(self) -> str:
        """pass, fail or error."""
        return _VERDICTS[self.exit]


@dataclass(frozen=True)
class Limit:
    """Both ends are allowed; in the unit of the STATE message's field."""

    field: str
    low: int
    high: int


@dataclass(frozen=True)
class Expected:
    """What a passing unit must say of itself. An empty `image_sha256` asks for none."""

    mac: str
    identifier: str
    image_sha256: str
    limits: tuple[Limit, ...] = ()


def from_result(result: Mapping[str, Any], exit_status: int, mac: str) -> Outcome:
    """Out of the tool's last event and its exit status; `mac` is that of its unit event. They must agree."""
    verdict, text, step = result.get("verdict"), result.get("text"), result.get("step")
    if exit_status not in _VERDICTS or verdict != _VERDICTS[exit_status]:
        return Outcome(
            EXIT_RETRY, "result", one_line(f"the flash process said {verdict!r} and exited with {exit_status}"), mac
        )
    record = result.get("record")
    kept = {key: record[key] for key in RECORD_KEYS if key in record} if isinstance(record, dict) else None
    return Outcome(
        exit_status,
        one_line(step, 20) if isinstance(step, str) else "",
        one_line(text) if isinstance(text, str) else "",
        mac,
        kept,
    )


def complaints(record: Mapping[str, Any] | None, expected: Expected) -> tuple[str, ...]:
    """Why a try that the tool calls passed is none: each in a few words; empty if all is well."""
    if record is None:
        return ("the flash process gave no record",)
    found = []
    for key, wanted in (
        ("mac", expected.mac),
        ("identifier", expected.identifier),
        ("image_sha256", expected.image_sha256),
    ):
        if wanted and record.get(key) != wanted:
            found.append(one_line(f"{key} is {record.get(key)!r}, not {wanted!r}"))
    test = record.get("self_test")
    if not isinstance(test, dict) or test.get("result") != "passed":
        found.append(one_line(f"self-test: {test.get('result') if isinstance(test, dict) else None!r}"))
    state = record.get("state")
    for limit in expected.limits:
        value = state.get(limit.field) if isinstance(state, dict) else None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            found.append(f"{limit.field}: no reading")
        elif not limit.low <= value <= limit.high:
            found.append(f"{limit.field}: {value} is not in {limit.low}..{limit.high}")
    return tuple(found)
