"""Measurements as JUnit properties, so that a CI server shows them beside its tests."""

from __future__ import annotations

import pytest
from _pytest.junitxml import LogXML

from davy.bench.errors import BenchError
from davy.bench.openhtf import validator
from davy.bench.results import Phase, RunResult

#: How the report of a test begins that the bench broke off.
BENCH_ERROR = "bench error"


def said_bench_error(report: pytest.TestReport) -> str:
    """What a report says of its bench, or "". Not by its whole text, which begins with the name of the worker that it is of."""
    text = report.longrepr
    return text if isinstance(text, str) and text.startswith(BENCH_ERROR) else ""


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


def no_run_properties(bench: str, serial: str, error: BenchError) -> list[tuple[str, str]]:
    """The same of a bench that was not to be had."""
    return [("serial", serial), ("bench", bench), ("outcome", "error"), ("why", str(error)), ("cause", error.cause)]


class BenchErrors:
    """A pytest plugin: what a bench error breaks off is an error in the JUnit file, never a failure, which would be the device's."""

    def __init__(self, xml: LogXML) -> None:
        self._xml = xml

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call" or not report.failed or not said_bench_error(report):
            return
        for node in self._xml.node_reporter(report).nodes:
            if node.tag == "failure":
                node.tag = "error"
                self._xml.stats["failure"] -= 1
                self._xml.stats["error"] += 1


def _flat(name: str, value: object) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [each for key, inner in value.items() for each in _flat(f"{name}.{key}", inner)]
    return [(name, "" if value is None else str(value))]
