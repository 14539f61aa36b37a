"""What must never happen, in every state that the decisions can be in; and mutants that show that it would be seen."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from davy.paths import FIRMWARE, ROOT
from support import interpreters

PORTABLE = ROOT / "host" / "tests" / "portable"
MOST_STATES = 400_000


def explore(core: Path, classes: str, profile: str = "gb15322_household") -> str:
    code = f"import explore\nprint(explore.explore(explore.{classes}, {MOST_STATES}, {profile!r}))\n"
    return interpreters.run("cpython", code, [core, PORTABLE]).strip()


@pytest.mark.parametrize(
    ("classes", "profile"),
    [
        ("METHANE_ONLY", "gb15322_household"),
        ("CO_BESIDE", "gb15322_household"),
        ("METHANE_ONLY", "gb15322_commercial"),
    ],
)
def test_nothing_forbidden_in_any_state(classes: str, profile: str) -> None:
    said = explore(FIRMWARE, classes, profile)
    print(said)
    found = re.fullmatch(r"COMPLETE (\d+) states, (\d+) steps", said)
    assert found, said
    assert int(found[1]) > 1_000


MUTANTS = [
    ("loop.py", "if self.latched or self.health", "if self.health", "valve open while latched"),
    ("loop.py", "        if self.latched or self.h", "        if self.methane_level == NORMAL:\n            self.latched = 0\n        if self.latched or self.h", "latch gone without|link command opened"),
    ("loop.py", "pressed = self._button.look(self._read_button(), dt_ms)", "pressed = 1", "without the button|link command opened"),
    ("operation.py", "and loop.methane_ppm < loop.clear_ppm", "", "opened where it must not"),
    ("operation.py", "            not preheating\n            and ", "            ", "opened where it must not"),
    ("annunciator.py", "            bits |= FAULT_OVERLAY", "            bits |= 0", "fault hidden by the lamp"),
    ("loop.py", "self.faults = self.health.bits", "pass", "fault hidden"),
    ("loop.py", "            self.methane_ppm = 0\n", "            self.methane_ppm = 1\n", "turned into a concentration"),
    ("loop.py", "or self.health.wrong_for_ms(FAULT_METHANE_SENSOR) >= self._fault_closes_ms", "", "broken for long"),
    ("loop.py", "if latches and not self.latched:", "if False:", "not shut and latched"),
    ("alarm.py", "            self._below_ms = 0\n            return False\n        self._below_ms", "            return self._below(dt_ms)\n        self._below_ms", "ended without clean air"),
    ("health.py", "return status != OK and status != WARMING", "return status == 5 and status != WARMING", "without a fault"),
    ("signals.py", "RUN_CRITICAL: _steady(RED | SIREN)", "RUN_CRITICAL: _steady(RED)", "critical and silent"),
    ("operation.py", "if loop.methane_level == CRITICAL or loop.co_level == CRITICAL:\n            return RESULT_ALARM\n        state = loop.run_state\n", "state = RUN_WARNING\n", "muted while critical"),
    ("mute.py", " or methane > self._methane", "", "muted through a rise"),
    ("operation.py", "            loop.valve.close()\n        elif command == COMMAND_MUTE", "            loop.release()\n        elif command == COMMAND_MUTE", "link command opened"),
    ("operation.py", "            result = self._start_test(preheating)\n", "            result = self._start_test(preheating)\n            self.test.moves_valve = True\n", "without a long press"),
    ("operation.py", "        if self._alarms():\n            test.abort()\n            return\n", "", "a test goes on in an alarm"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "breach"), MUTANTS, ids=[mutant[3] for mutant in MUTANTS])
def test_a_mutant_of_each_rule_is_caught(tmp_path: Path, file: str, old: str, new: str, breach: str) -> None:
    shutil.copytree(FIRMWARE / "safety", tmp_path / "safety")
    path = tmp_path / "safety" / file
    source = path.read_text()
    assert old in source
    path.write_text(source.replace(old, new, 1))
    said = explore(tmp_path, "METHANE_ONLY")
    assert said.startswith("BREACH"), said
    assert re.search(breach, said), said
