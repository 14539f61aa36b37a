"""What many runs came to, as a table and a line."""

from __future__ import annotations

from dataclasses import fields

from rich.table import Table

from davy.chaos.lanes import Report
from davy.chaos.reconcile import VERDICTS, Counts

_WORDS = {
    "told": "events decided",
    "stored": "events stored",
    "untold": "of them cut off before the line told",
    "alarms": "alarms",
    "closings": "valves let go",
    "openings": "valves opened by hand",
    "sirens": "sirens",
    "commands": "commands answered",
    "cuts": "power cuts",
    "refused": "packets refused by the monitor",
    "incidents": "incidents",
}


def table(report: Report) -> Table:
    """A column for each broker: what was done, and below it what must be 0."""
    brokers = sorted(report.runs)
    made = Table("", *brokers, box=None, pad_edge=False)
    for broker in range(1, len(brokers) + 1):
        made.columns[broker].justify = "right"
    made.add_row("runs", *(f"{report.runs[broker]:,}" for broker in brokers))
    for each in fields(Counts):
        made.add_row(_WORDS[each.name], *(f"{getattr(report.counts[broker], each.name):,}" for broker in brokers))
    made.add_section()
    for name in VERDICTS:
        made.add_row(name, *(f"{report.violations[broker][name]:,}" for broker in brokers))
    return made


def verdict(report: Report) -> str:
    """One line."""
    runs = sum(report.runs.values())
    word = "FAIL" if report.failed else "PASS"
    said = f"{len(report.failed)} of {runs:,} runs failed" if report.failed else f"{runs:,} runs, nothing wrong"
    return f"{word}: {said}; {report.wall_s:,.0f} s, slowest drain {report.slowest_drain_s:.1f} s"
