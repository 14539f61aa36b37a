"""A pytest plugin of the process that hands out tests: one that ran them on a bench, and is gone, is a bench error of that bench alone."""

from __future__ import annotations

from typing import Any

import pytest

from davy.bench.errors import BenchError
from davy.bench.junit import BENCH_ERROR
from davy.bench.options import BenchOptions, bench_name
from davy.bench.session import summary_without_record, write_if_none


class LostBenches:
    """`options`: what davy bench run was told, as JSON."""

    def __init__(self, options: str) -> None:
        self._options = options

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, report: pytest.TestReport) -> None:
        """The test in whose middle it went; else it would read as a failure of the device."""
        report.longrepr = f"{BENCH_ERROR} ({_lost().cause}): {_lost()}"

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """`error` is None of one that ended by itself."""
        if not error:
            return
        options = BenchOptions.from_json(self._options, int(node.gateway.id.removeprefix("gw")))
        summary = summary_without_record(options.number, bench_name(options), options.made_serial, _lost())
        write_if_none(summary, options.summaries)


def _lost() -> BenchError:
    return BenchError("rig", "the process of the bench", "has ended in the middle of the run", "did memory run out?")
