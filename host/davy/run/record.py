"""The run as JSON. Without `wall_s` and `speed_up` the same seed gives the same bytes; docs/scenario.md lists the keys."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from davy.run.runner import Outcome

RECORD_SCHEMA = 1


def to_dict(outcome: Outcome) -> dict[str, Any]:
    """The record's document."""
    recorded = outcome.recorded
    hello = next((event.data for event in recorded.events if event.kind == "hello"), {})
    firmware = ".".join(str(hello.get(f"firmware_{part}", "?")) for part in ("major", "minor", "patch"))
    return {
        "schema": RECORD_SCHEMA,
        "title": outcome.scenario.title,
        "board": outcome.board.name,
        "seed": outcome.seed,
        "firmware": firmware,
        "image_sha256": outcome.image.sha256,
        "duration_ms": recorded.duration_ms,
        "wall_s": round(outcome.wall_s, 3),
        "speed_up": round(outcome.speed_up, 1),
        "passed": outcome.passed,
        "expectations": [asdict(verdict) for verdict in outcome.verdicts],
        "peaks": {f"true_{gas}_ppm": round(recorded.peak_ppm(gas), 1) for gas in recorded.truth},
        "segments": [asdict(segment) for segment in recorded.segments],
        "stored_events": None if recorded.stored_ids is None else len(recorded.stored_ids),
        "events": [{"t_ms": e.t_ms, "kind": e.kind, "text": e.text, **_apart(e.data)} for e in recorded.events],
    }


def _apart(data: dict[str, Any]) -> dict[str, Any]:
    # A message has a field `kind` of its own.
    return {f"event_{name}" if name in ("t_ms", "kind", "text") else name: value for name, value in data.items()}


def to_json(outcome: Outcome) -> str:
    """The record as text."""
    return json.dumps(to_dict(outcome), indent=1, ensure_ascii=False) + "\n"
