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


def explore(core: Path, classes: str) -> str:
    code = f"import explore\nprint(explore.explore(explore.{classes}, {MOST_STATES}))\n"
    return interpreters.run("cpython", code, [core, PORTABLE]).strip()


@pytest.mark.parametrize("classes", ["METHANE_ONLY", "CO_BESIDE"])
def test_nothing_forbidden_in_any_state(classes: str) -> None:
    said = explore(FIRMWARE, classes)
    print(said)
    found = re.fullmatch(r"COMPLETE (\d+) states, (\d+) steps", said)
    assert found, said
    assert int(found[1]) > 1_000


MUTANTS = [
    ("loop.py", "if self.latched or self._health", "if self._health", "valve open while latched"),
    ("loop.py", "        if self.latched or self._h", "        if self.methane_level == NORMAL:\n            self.latched = 0\n        if self.latched or self._h", "latch gone without"),
    ("loop.py", "self._button.look(self._read_button(), dt_ms)", "PRESSED", "without the button"),
    ("loop.py", "and self.methane_ppm < self._clear_ppm", "", "opened where it must not"),
    ("loop.py", "            not preheating\n            and ", "            ", "opened where it must not"),
    ("loop.py", "            signals |= FAULT_OVERLAY", "            signals |= 0", "fault hidden by the lamp"),
    ("loop.py", "self.faults = faults = self._health.bits", "faults = self._health.bits", "fault hidden from reports"),
    ("loop.py", "            self.methane_ppm = 0\n", "            self.methane_ppm = 1\n", "turned into a concentration"),
    ("loop.py", "or self._health.wrong_for_ms(FAULT_METHANE_SENSOR) >= self._fault_closes_ms", "", "broken for long"),
    ("loop.py", "if level == CRITICAL and not self.latched:", "if False:", "not shut and latched"),
    ("alarm.py", "            self._below_ms = 0\n            return False\n        self._below_ms", "            return self._below(dt_ms)\n        self._below_ms", "ended without clean air"),
    ("health.py", "return status != OK and status != WARMING", "return status == STUCK and status != WARMING", "without a fault"),
    ("signals.py", "RUN_CRITICAL: _steady(RED | SIREN)", "RUN_CRITICAL: _steady(RED)", "critical and silent"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "breach"), MUTANTS, ids=[mutant[3] for mutant in MUTANTS])
def test_a_mutant_of_each_rule_is_caught(tmp_path: Path, file: str, old: str, new: str, breach: str) -> None:
    shutil.copytree(FIRMWARE / "safety", tmp_path / "safety")
    path = tmp_path / "safety" / file
    source = path.read_text()
    assert old in source
    path.write_text(
        source.replace(old, new, 1).replace("    OK,\n    SATURATED,", "    OK,\n    SATURATED,\n    STUCK,")
    )
    said = explore(tmp_path, "METHANE_ONLY")
    assert said.startswith("BREACH"), said
    assert re.search(breach, said), said
