"""A run as one self-contained page: verdict, what needs attention, every phase with its measurements and courses."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jinja2

from davy.bench.limit_bar import LimitBar, limit_bar
from davy.bench.results import Measurement, Outcome, Phase, RunResult
from davy.bench.waveform_plot import HEIGHT, WIDTH, Plot, plots
from davy.bench.words import SIGNS, VERDICTS, limits_text, seconds_text, utc_text, with_unit

_SHOWN_APART = (
    "software",
    "firmware",
    "image_sha256",
    "git_commit",
    "git_dirty",
    "host",
    "seed",
    "bench",
    "bench_kind",
    "bench_calibrated",
)


@dataclass(frozen=True)
class _Row:
    name: str
    value: str
    limits: str
    verdict: str
    sign: str
    bar: LimitBar


@dataclass(frozen=True)
class _PhaseShown:
    anchor: str
    name: str
    outcome: Outcome
    word: str
    sign: str
    seconds: str
    why: str
    rows: list[_Row]
    plots: list[Plot]


def to_html(run: RunResult, record_name: str = "", record_sha256: str = "") -> str:
    """The page's text; `record_name` and its SHA-256 are told at its end. Whatever a text holds is shown, never obeyed."""
    phases = [_phase(number, phase) for number, phase in enumerate(run.phases, 1)]
    counts = {outcome: sum(phase.outcome == outcome for phase in run.phases) for outcome in SIGNS}
    return _template().render(
        serial=run.serial or "unknown serial",
        outcome=run.outcome,
        verdict=VERDICTS[run.outcome],
        sign=SIGNS[run.outcome],
        why=run.why,
        cause=run.cause,
        counts=[(outcome, SIGNS[outcome], count) for outcome, count in counts.items() if count],
        measured=sum(len(phase.measurements) for phase in run.phases),
        facts=_facts(run),
        bench_errors=[each for each in phases if each.outcome == "error"],
        failed=[each for each in phases if each.outcome == "fail"],
        marginal=[each for each in phases if each.outcome == "marginal"],
        skipped=[each for each in phases if each.outcome == "skip"],
        phases=[each for each in phases if each.outcome != "skip"],
        width=WIDTH,
        height=HEIGHT,
        record_name=record_name,
        record_sha256=record_sha256,
    )


@lru_cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("davy.bench", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2")


def _phase(number: int, phase: Phase) -> _PhaseShown:
    return _PhaseShown(
        f"p{number}",
        phase.name,
        phase.outcome,
        phase.outcome if phase.outcome != "error" else "bench error",
        SIGNS[phase.outcome],
        seconds_text(phase.seconds),
        phase.why,
        [_row(each) for each in phase.measurements],
        plots(phase.waveforms),
    )


def _row(each: Measurement) -> _Row:
    value = "no reading" if each.value is None else with_unit(each.value, each.unit)
    return _Row(each.name, value, limits_text(each), each.verdict, SIGNS[each.verdict], limit_bar(each))


def _facts(run: RunResult) -> list[tuple[str, str]]:
    about = run.about
    software, bench = _mapping(about.get("software")), _mapping(about.get("bench"))
    commit = about.get("git_commit")
    facts = [
        ("started", utc_text(run.started_ms)),
        ("took", seconds_text(max(0, run.ended_ms - run.started_ms) / 1000)),
        (
            "bench",
            " · ".join(
                str(each)
                for each in (run.bench, about.get("bench_kind"), bench.get("kind"), bench.get("firmware"))
                if each
            ),
        ),
        ("calibrated", bench.get("calibrated") or about.get("bench_calibrated") or "not stated"),
        ("wiring", bench.get("wiring")),
        ("operator", run.operator or "not stated"),
        ("firmware", software.get("firmware") or about.get("firmware") or "not told"),
        ("image", about.get("image_sha256")),
        ("davy", " · ".join(f"{name} {what}" for name, what in software.items() if name != "firmware")),
        ("commit", f"{commit} (with changes)" if commit and about.get("git_dirty") else commit),
        ("host", about.get("host")),
        ("seed", about.get("seed")),
    ]
    facts += [(key, _text(value)) for key, value in about.items() if key not in _SHOWN_APART]
    return [(name, str(value)) for name, value in facts if value not in (None, "")]


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
