"""The run as one self-contained page: verdict, plots, expectations, timeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jinja2

from davy.board.replay import Segment
from davy.codec import EventKind, Fault, Gas, Level
from davy.run.duration import show_ms
from davy.run.plots import course_svg
from davy.run.record import to_dict
from davy.run.recorded import Recorded, RunEvent
from davy.run.runner import Outcome
from safety.profile import PROFILES

_DULL = ("state", "heater", "net", "siren", "lamp", "relay")
_MOST_LINES = 500


@dataclass(frozen=True)
class _SegmentRow:
    label: str
    start: str
    end: str
    methane: str
    co: str
    alarms: int
    faults: str
    valve: str


def to_html(outcome: Outcome) -> str:
    """The page's text."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("davy.run", "."), autoescape=True, undefined=jinja2.StrictUndefined
    )
    return environment.get_template("report.html.j2").render(_values(outcome))


def _values(outcome: Outcome) -> dict[str, Any]:
    recorded, record = outcome.recorded, to_dict(outcome)
    profile = PROFILES[outcome.board.profile]
    set_points = {
        "methane": (profile["methane_set_point_ppm"], profile["methane_urgent_ppm"]),
        "co": (profile["co_warning_ppm"], profile["co_instant_ppm"]),
    }
    lines = [event for event in recorded.events if event.kind not in _DULL]
    met = sum(verdict.passed for verdict in outcome.verdicts)
    said = f"{met} of {len(outcome.verdicts)} expectations met" if outcome.verdicts else "ran to the end"
    return {
        **record,
        "verdict": said,
        "duration": show_ms(recorded.duration_ms),
        "wall": f"{outcome.wall_s:.1f}",
        "speed_up": f"{outcome.speed_up:,.0f}",
        "course": _markup(course_svg(recorded, set_points, outcome.board.co is not None)),
        "segments": [_segment_row(recorded, segment) for segment in recorded.segments],
        "timeline": [_line(event) for event in lines[:_MOST_LINES]],
        "left_out": len(recorded.events) - len(lines[:_MOST_LINES]),
    }


def _markup(svg: str) -> Any:
    import markupsafe

    return markupsafe.Markup(svg)


def _line(event: RunEvent) -> dict[str, str]:
    style = "alarm" if "ALARM" in event.text or "shut" in event.text else "fault" if "FAULT" in event.text else ""
    return {"time": show_ms(event.t_ms), "kind": event.kind, "text": event.text, "style": style}


def _segment_row(recorded: Recorded, segment: Segment) -> _SegmentRow:
    def inside(t_ms: int) -> bool:
        return segment.start_ms <= t_ms < segment.end_ms

    states = [state for t_ms, state in recorded.states if inside(t_ms)]
    alarms = [event for t_ms, event in recorded.told if inside(t_ms) and event.kind == EventKind.ALARM]
    faults = {Fault(e.detail).name.lower() for t_ms, e in recorded.told if inside(t_ms) and e.kind == EventKind.FAULT}

    def worst(gas: Gas) -> str:
        levels = [state.methane_level if gas is Gas.METHANE else state.co_level for state in states]
        return Level(max(levels)).name.lower() if levels else "no report"

    opened = recorded.value_at("valve", "open", segment.end_ms, False)
    return _SegmentRow(
        segment.label,
        show_ms(segment.start_ms),
        show_ms(segment.end_ms),
        worst(Gas.METHANE),
        worst(Gas.CO),
        len(alarms),
        ", ".join(sorted(faults)) or "none",
        "open" if opened else "shut",
    )
