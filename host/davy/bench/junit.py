"""Measurements as JUnit properties, so that a CI server shows them beside its tests."""

from __future__ import annotations

from davy.bench.openhtf import validator
from davy.bench.results import Phase, RunResult


def phase_properties(phase: Phase) -> list[tuple[str, str]]:
    """(name, text) for pytest's `record_property`: of each measurement its value, unit, limits and verdict, each by itself.

    A value keeps all its digits; of a reading that was not there the text is empty.
    """
    found = []
    for each in phase.measurements:
        found += [
            (each.name, "" if each.value is None else repr(each.value)),
            (f"{each.name}.unit", each.unit),
            (f"{each.name}.limits", validator(each)),
            (f"{each.name}.verdict", each.verdict),
        ]
    return found


def run_properties(run: RunResult) -> list[tuple[str, str]]:
    """(name, text) for `record_testsuite_property`: device, bench, operator, outcome, and all of `about` by dotted names."""
    found = [
        ("serial", run.serial),
        ("bench", run.bench),
        ("operator", run.operator),
        ("outcome", run.outcome),
        ("why", run.why),
        ("cause", run.cause),
    ]
    return found + _flat("about", run.about)


def _flat(name: str, value: object) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [each for key, inner in value.items() for each in _flat(f"{name}.{key}", inner)]
    return [(name, "" if value is None else str(value))]
