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

    @rule(command=st.sampled_from([1, 2, 3, 9]))
    def command(self, command: int) -> None:
        commanded = self.bench.loop.valve_commanded
        latched = self.bench.loop.latched
        self.bench.loop.command = command
        self._run(0.1)
        assert self.bench.loop.valve_commanded <= commanded, "a command opened the valve"
        assert self.bench.loop.latched >= latched, "a command released the latch"

    @rule(works=st.booleans(), cdegc=st.integers(-5_000, 13_000), rh_permille=st.integers(-10, 1_100))
    def climate_changes(self, works: bool, cdegc: int, rh_permille: int) -> None:
        sensor = self.bench.climate
        sensor.works, sensor.cdegc, sensor.rh_permille = works, cdegc, rh_permille

    @rule(heater=st.sampled_from([0, 150_000]), coil=st.sampled_from([0, 300_000, 900_000]), opened=st.integers(0, 1))
    def parts_change(self, heater: int, coil: int, opened: int) -> None:
        self.bench.methane_heater.uv = heater
        self.bench.coil.on_uv = coil
        self.bench.tamper.level = opened

    @rule(bit=st.integers(14, 16), checked=st.booleans())
    def background_checks(self, bit: int, checked: bool) -> None:
        self.bench.loop.supervision.checks_wrong = 1 << bit if checked else 0
        self.bench.loop.operation.test.memory_checked = checked

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
            assert loop.operation.mute.left_ms == 0, "muted while critical"
        if loop.latched:
            assert loop.operation.test.result != codes.TEST_RUNNING, "a test goes on in an alarm"
        if loop.methane_level == codes.CRITICAL:
            assert bench.signals.value & SIREN, "critical and silent"
        if loop.faults:
            assert bench.signals.value & YELLOW, "fault hidden"
        if loop.methane_status != codes.OK:
            assert (loop.methane_ppm, loop.methane_lel_permille) == (0, 0)
        if loop.co_status != codes.OK:
            assert loop.co_ppm == 0


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
