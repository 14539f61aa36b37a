# What the safety core must do, and must never do: the same cases, with the same outcome, on every interpreter.
from safety_bench import CLEAN_UV, Bench, Store, uv_of_co, uv_of_ppm

from safety import codes

SIREN = 8
RED = 4
YELLOW = 2
GREEN = 1


def test_clean_air_preheats_then_monitors_and_the_valve_opens_by_the_button_only():
    bench = Bench()
    bench.run(1)
    assert bench.loop.run_state == codes.RUN_PREHEAT
    assert bench.loop.methane_status == codes.WARMING
    bench.press()
    bench.run(184)
    assert bench.loop.run_state == codes.RUN_NORMAL
    assert bench.loop.methane_status == codes.OK
    assert bench.relay.value == 0, "a press during the preheat opens nothing"
    bench.press()
    assert bench.relay.value == 1
    bench.run(1)
    assert bench.loop.valve_state == codes.VALVE_OPEN
    assert bench.signals.value == GREEN
    assert bench.loop.faults == 0


def test_a_step_to_1_6_times_the_set_point_alarms_between_15_and_30_s():
    bench = Bench().ready()
    bench.methane.uv = uv_of_ppm(8_000)
    tenths = 0
    while not bench.signals.value & SIREN and tenths < 400:
        bench.step()
        tenths += 1
    assert 150 <= tenths <= 300, tenths
    assert bench.relay.value == 0
    assert bench.loop.latched == 1
    assert bench.store.latch == 1


def test_above_25_percent_lel_the_siren_sounds_and_the_valve_shuts_within_2_s():
    bench = Bench().ready()
    bench.methane.uv = uv_of_ppm(14_000)
    bench.run(2)
    assert bench.signals.value & SIREN
    assert bench.relay.value == 0
    bench.drain()
    assert codes.EVENT_ALARM in bench.kinds()
    assert codes.EVENT_LATCHED in bench.kinds()


def test_gas_just_below_the_set_point_never_alarms():
    bench = Bench().ready()
    bench.methane.uv = uv_of_ppm(4_800)
    bench.run(600)
    assert bench.loop.methane_level == codes.NORMAL
    assert bench.relay.value == 1


def test_the_latch_stays_when_the_gas_goes_and_leaves_by_the_button_below_the_clear_threshold():
    bench = Bench().ready()
    bench.methane.uv = uv_of_ppm(14_000)
    bench.run(5)
    bench.press()
    assert bench.loop.latched == 1, "not while there is gas"
    bench.methane.uv = uv_of_ppm(4_500)
    bench.run(30)
    bench.press()
    assert bench.loop.latched == 1, "not above the clear threshold"
    bench.methane.uv = CLEAN_UV
    bench.run(60)
    assert bench.loop.run_state == codes.RUN_LATCHED
    assert bench.relay.value == 0
    bench.press()
    assert bench.loop.latched == 0
    assert bench.store.latch == 0
    assert bench.relay.value == 1


def test_a_press_opens_nothing_while_gas_is_above_the_clear_threshold_or_an_alarm_is_coming():
    for ppm in (4_500, 7_000):
        bench = Bench()
        bench.run(185)
        bench.methane.uv = uv_of_ppm(ppm)
        bench.run(0.6)
        bench.press()
        assert bench.loop.methane_level == codes.NORMAL
        assert bench.relay.value == 0


def test_the_latch_survives_a_reset_and_the_valve_stays_shut():
    bench = Bench().ready()
    bench.methane.uv = uv_of_ppm(14_000)
    bench.run(5)
    again = Bench(store=bench.store)
    again.run(300)
    assert again.loop.latched == 1
    assert again.relay.value == 0
    assert again.loop.run_state == codes.RUN_LATCHED
    again.press()
    assert again.relay.value == 1


def test_a_hazard_during_the_preheat_alarms_before_it_is_over():
    bench = Bench()
    bench.methane.uv = uv_of_ppm(20_000)
    bench.run(60)
    assert bench.loop.methane_level == codes.CRITICAL
    assert bench.signals.value & SIREN
    assert bench.loop.latched == 1


def test_co_is_read_at_the_end_of_the_low_phase_only():
    bench = Bench()
    high_uv = uv_of_co(400)
    bench.co.uv = high_uv
    bench.run(148)
    assert bench.loop.co_status == codes.WARMING
    assert bench.loop.co_ppm == 0
    assert bench.heater.value == 78
    bench.run(3)
    assert bench.loop.co_status == codes.OK
    assert 380 < bench.loop.co_ppm < 420, bench.loop.co_ppm
    assert bench.heater.value == 1000


def test_300_ppm_of_co_alarms_within_3_min_and_shuts_the_valve():
    bench = Bench().ready()
    bench.run(115)
    bench.co.uv = uv_of_co(320)
    bench.run(180)
    assert bench.loop.co_level == codes.CRITICAL
    assert bench.relay.value == 0
    assert bench.loop.latched == 1


def test_time_across_the_wrap_changes_nothing():
    here = Bench().ready()
    there = Bench(start_ms=(1 << 30) - 1 - 190_000).ready()
    for bench in (here, there):
        bench.methane.uv = uv_of_ppm(8_000)
    for _ in range(400):
        here.step()
        there.step()
        assert (here.loop.run_state, here.relay.value, here.loop.faults) == (
            there.loop.run_state,
            there.relay.value,
            there.loop.faults,
        )
    assert there.now_ms < 1 << 29, "the wrap was crossed"
    assert here.loop.latched == 1


def test_the_store_is_written_on_a_change_only():
    store = Store()
    bench = Bench(store=store).ready()
    bench.methane.uv = uv_of_ppm(14_000)
    bench.run(600)
    assert store.writes == 2, "the latch, and the memory of alarms"


def test_a_pulse_valve_gets_half_a_second_each_ten_seconds_while_latched_and_again_after_a_reset():
    from safety.valve import PulseValve

    bench = Bench(valve=PulseValve(2_000))
    bench.run(185)
    assert bench.relay.value == 0
    bench.methane.uv = uv_of_ppm(14_000)
    bench.run(2)
    levels = []
    for _ in range(400):
        bench.step()
        levels.append(bench.relay.value)
    assert sum(levels) == 20, sum(levels)
    first = levels.index(1)
    assert levels[first : first + 5] == [1] * 5
    assert levels[first + 5 : first + 100] == [0] * 95
    assert levels[first + 100] == 1
    again = Bench(store=bench.store, valve=PulseValve(2_000))
    again.run(0.2)
    assert again.relay.value == 1, "closes again after a reset"
    bench.methane.uv = CLEAN_UV
    bench.run(30)
    bench.press()
    bench.run(20)
    assert bench.loop.latched == 0
    levels = []
    for _ in range(150):
        bench.step()
        levels.append(bench.relay.value)
    assert sum(levels) == 0, "no demand, no pulse"


def test_a_plain_relay_holds_its_demand_and_a_failed_loop_demands_too():
    from safety.valve import DemandedValve

    bench = Bench(valve=DemandedValve(2_000))
    bench.run(185)
    assert bench.relay.value == 0
    bench.methane.uv = uv_of_ppm(14_000)
    bench.run(3)
    assert bench.relay.value == 1
    bench.contact.stuck = 1
    bench.run(60)
    assert bench.relay.value == 1
    assert bench.loop.valve_state == codes.VALVE_CLOSED
    failing = Bench(valve=DemandedValve(2_000))
    failing.run(1)
    failing.loop.fail_safe()
    assert failing.relay.value == 1
