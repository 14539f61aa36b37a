"""The safety core under whatever hypothesis thinks of: air, broken sensors, hands, late steps, power cuts."""

from __future__ import annotations

import sys
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from davy.paths import ROOT
from safety import codes

sys.path.insert(0, str(ROOT / "host" / "tests" / "portable"))

from safety_bench import Bench, Store, uv_of_ppm

SIREN, YELLOW = 8, 2


class Life(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.store: Any = Store()
        self.bench: Any = Bench(store=self.store)
        self.pressed = False
        self.was_latched = 0

    def _run(self, seconds: float) -> None:
        for _ in range(int(seconds * 10)):
            before = (self.bench.loop.latched, self.bench.relay.value)
            self.bench.step()
            loop = self.bench.loop
            if before[0] and not loop.latched:
                assert self.bench.button.level, "the latch left without the button"
            if self.bench.relay.value == 1 and before[1] != 1:
                assert self.bench.button.level, "the valve opened without the button"
        self.bench.drain()

    @rule(seconds=st.sampled_from([0.1, 1, 5, 20, 60, 200]))
    def time_passes(self, seconds: float) -> None:
        self._run(seconds)

    @rule(ppm=st.sampled_from([300, 3_000, 4_500, 6_000, 9_000, 14_000, 55_000]))
    def air_changes(self, ppm: int) -> None:
        self.bench.methane.uv = uv_of_ppm(ppm)

    @rule()
    def air_is_clean(self) -> None:
        self.bench.methane.uv = 436_000

    @rule(uv=st.sampled_from([0, -1, 90_000, 2_272_000, 3_100_000]))
    def methane_sensor_breaks(self, uv: int) -> None:
        self.bench.methane.uv = uv

    @rule(uv=st.sampled_from([295_000, 1_900_000, 0, -1, 2_272_000]))
    def co_changes(self, uv: int) -> None:
        self.bench.co.uv = uv

    @rule(seconds=st.sampled_from([0.1, 0.3, 4]))
    def button(self, seconds: float) -> None:
        self.bench.button.level = 1
        self._run(seconds)
        self.bench.button.level = 0
        self._run(0.2)

    @rule(stuck=st.sampled_from([-2, 0, 1]))
    def contact(self, stuck: int) -> None:
        self.bench.contact.stuck = stuck

    @rule(late_ms=st.integers(101, 5_000))
    def late_step(self, late_ms: int) -> None:
        self.bench.step(late_ms)

    @rule()
    def power_cut(self) -> None:
        latched, stored = self.bench.loop.latched, self.store.latch
        methane, co = self.bench.methane.uv, self.bench.co.uv
        assert stored == latched, "the latch was in the store before the power went"
        self.bench = Bench(store=self.store)
        self.bench.methane.uv, self.bench.co.uv = methane, co
        self._run(0.1)
        assert self.bench.loop.latched >= stored
        assert self.bench.relay.value == 0

    @invariant()
    def nothing_forbidden(self) -> None:
        loop, bench = self.bench.loop, self.bench
        if loop.latched:
            assert bench.relay.value != 1, "open while latched"
        if codes.CRITICAL in (loop.methane_level, loop.co_level):
            assert loop.latched
            assert loop.run_state == codes.RUN_CRITICAL
        if loop.methane_level == codes.CRITICAL:
            assert bench.signals.value & SIREN, "critical and silent"
        if loop.faults:
            assert bench.signals.value & YELLOW, "fault hidden"
        if loop.methane_status != codes.OK:
            assert (loop.methane_ppm, loop.methane_lel_permille) == (0, 0)
        if loop.co_status != codes.OK:
            assert loop.co_ppm == 0


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
