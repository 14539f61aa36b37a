"""What a person sees of a run while it goes on: a line for each test, with what it measured."""

from __future__ import annotations

from typing import Any

import pytest

from davy.bench.junit import said_bench_error

_SIGNS = {"passed": "ok  ", "failed": "FAIL", "skipped": "skip"}


class Screen:
    """A pytest plugin of the process that a person started; workers have none."""

    def __init__(self, config: pytest.Config, several: bool) -> None:
        self._plugins = config.pluginmanager
        self._several = several
        self._bench_errors: set[tuple[str, str]] = set()

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str]:
        """No letters: the lines say it."""
        return report.outcome, "", ""

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.say(f"the suite cannot be read: {report.longreprtext}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One line when the test itself is over, and one more when its set-up or tear-down went wrong."""
        if report.when != "call" and report.outcome == "passed":
            return
        bench = self._bench(report)
        if error := said_bench_error(report):
            if (bench, error) not in self._bench_errors:
                self._bench_errors.add((bench, error))
                self.say(f"{bench}{error}")
            return
        text = report.longreprtext.strip()
        if report.when == "teardown":
            self.say(f"{bench}FAIL  {self._name(report)}: in the tear-down")
        else:
            self.say(f"{bench}{_SIGNS[report.outcome]}  {self._name(report)}{self._measured(report)}")
        if report.skipped and isinstance(report.longrepr, tuple):
            self.say(f"{'':6}{str(report.longrepr[2]).removeprefix('Skipped: ')}")
        elif report.failed:
            reason = [line for line in text.splitlines() if line.startswith("E ")]
            self.say(f"{'':6}{(reason[0][1:] if reason else text.splitlines()[-1] if text else 'failed').strip()}")

    def _bench(self, report: pytest.TestReport) -> str:
        node = getattr(report, "node", None)
        return f"[{int(node.gateway.id.removeprefix('gw')) + 1}] " if self._several and node is not None else ""

    def _name(self, report: pytest.TestReport) -> str:
        return report.nodeid.rpartition("::")[2].removeprefix("test_").replace("_", " ")

    def _measured(self, report: pytest.TestReport) -> str:
        found = dict(report.user_properties)
        words = []
        for name, value in found.items():
            if f"{name}.verdict" in found:
                number = f"{float(str(value)):.4g}" if value else "no reading"
                unit = str(found[f"{name}.unit"])
                verdict = "" if found[f"{name}.verdict"] == "pass" else f" ({found[f'{name}.verdict']})"
                words.append(f"{name} {number}{'' if unit == '1' else ' ' + unit}{verdict}")
        return f": {', '.join(words)}" if words else ""

    def say(self, text: str) -> None:
        """A line of its own, at once: a wait may follow. In the middle of a test too, where pytest keeps back what is printed."""
        terminal: Any = self._plugins.getplugin("terminalreporter")
        capture: Any = self._plugins.getplugin("capturemanager")
        with capture.global_and_fixture_disabled():
            terminal.write_line(text)
            terminal.flush()
