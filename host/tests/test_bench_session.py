"""What a session does with its bench besides running tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from davy.bench.session import BenchSession
from davy.bench.virtual import virtual_bench
from davy.bench.wiring import load_wiring
from support.rig_alone import RigAlone

#: The device's lamp blinks, a second on and a second off.
_BLINK_S = 1.0


class BlinkingClock:
    """The rig's time, passing as real time does, with a lamp that blinks in it."""

    virtual = False

    def __init__(self, alone: RigAlone) -> None:
        self._alone, self._lit = alone, False

    def now_s(self) -> float:
        return self._alone.now_s()

    def wait(self, seconds: float) -> None:
        end_s = self.now_s() + seconds
        while (left_s := end_s - self.now_s()) > 0.001:
            self._lit = not self._lit
            self._alone.rig.see("green", self._lit)
            self._alone.wait(min(left_s, _BLINK_S))


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[RigAlone]:
    found = RigAlone(tmp_path, load_wiring())
    found.virtual = False
    found.host = type(found.host)(found, found, load_wiring(), session=1)
    yield found
    found.close()


def test_a_wait_longer_than_the_rigs_patience_leaves_its_outputs_on_and_loses_no_edge(
    alone: RigAlone, tmp_path: Path
) -> None:
    made = virtual_bench()
    bench = replace(made, rig=alone.host, clock=BlinkingClock(alone))
    try:
        session = BenchSession(bench, tmp_path / "records", "anna", planned=1)
        began_ms = bench.rig.set("methane_uv", 1_000_000)
        session.bench.clock.wait(1_800)
        edges = bench.rig.edges(began_ms)
        bench.rig.set("button", 1)  # raises when the rig had gone to rest
    finally:
        made.close()
    assert sum(edge.line == "green" for edge in edges) >= 1_790
    assert alone.felt.did[-2:] == [(0, 1_000_000), ("button", 1)]
