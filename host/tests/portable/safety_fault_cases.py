# What breaks and what comes late: faults are shown, never hidden, never a number. On every interpreter.
from safety_bench import STEP_MS, Bench, methane_circuit, uv_of_ppm

from safety import codes
from safety.concentration import MqReading
from safety.curve import MQ4_PPM, MQ4_RATIO_PERMILLE

SIREN = 8
RED = 4
YELLOW = 2
GREEN = 1


def test_a_concentration_over_the_range_is_an_alarm_without_a_number():
    bench = Bench().ready()
    bench.methane.uv = uv_of_ppm(65_000)
    bench.run(3)
    assert bench.loop.methane_status == codes.SATURATED
    assert bench.loop.methane_ppm == 0
    assert bench.loop.methane_level == codes.CRITICAL
    assert bench.relay.value == 0


def test_a_reading_that_is_a_fault_keeps_no_number():
    reading = MqReading(methane_circuit(), MQ4_RATIO_PERMILLE, MQ4_PPM, 60_000, 250)
    for uv in (uv_of_ppm(3_000), 0):
        for at in range(5):
            reading.sample(uv + at % 2)
    assert reading.status == codes.OPEN
    assert reading.value_ppm == 0


def test_a_store_that_cannot_be_read_counts_as_latched_and_is_a_fault():
    bench = Bench(store_failed=True)
    bench.run(5)
    assert bench.loop.latched == 1
    assert bench.loop.faults & 1 << codes.FAULT_LATCH_STORE


def test_a_store_that_refuses_is_tried_again_and_shown():
    bench = Bench().ready()
    bench.store.works = False
    bench.methane.uv = uv_of_ppm(14_000)
    bench.run(5)
    assert bench.relay.value == 0
    assert bench.loop.faults & 1 << codes.FAULT_LATCH_STORE
    bench.store.works = True
    bench.run(30)
    assert bench.store.latch == 1
    assert not bench.loop.faults & 1 << codes.FAULT_LATCH_STORE


def test_unplugged_shorted_and_silent_sensors_are_faults_within_30_s_and_never_a_number():
    full_uv = methane_circuit().full_uv()
    for uv, status in ((0, codes.OPEN), (full_uv, codes.SHORT), (3_100_000, codes.SHORT), (-1, codes.SILENT)):
        bench = Bench().ready()
        bench.methane.uv = uv
        bench.methane.noise_uv = 0
        bench.run(1)
        assert bench.loop.methane_status == status, (uv, bench.loop.methane_status)
        for _ in range(290):
            bench.step()
            assert bench.loop.methane_status != codes.OK
            assert bench.loop.methane_ppm == 0 and bench.loop.methane_lel_permille == 0
        assert bench.loop.faults & 1 << codes.FAULT_METHANE_SENSOR
        assert bench.loop.run_state == codes.RUN_FAULT
        assert bench.signals.value & YELLOW
        assert bench.loop.methane_level == codes.NORMAL, "a fault is no alarm"
        bench.run(5)
        assert bench.relay.value == 0, "a lasting fault of the methane sensor shuts the valve"
        assert bench.loop.latched == 0
        bench.press()
        assert bench.relay.value == 0, "and nobody opens it while the fault lasts"


def test_a_sensor_without_any_noise_is_stuck():
    bench = Bench().ready()
    bench.methane.noise_uv = 0
    bench.run(30)
    assert bench.loop.methane_status == codes.STUCK
    assert bench.loop.faults & 1 << codes.FAULT_METHANE_SENSOR
    bench.methane.noise_uv = 1_000
    bench.run(15)
    assert bench.loop.methane_status == codes.OK
    assert bench.loop.faults == 0


def test_a_fault_during_an_alarm_neither_hides_nor_ends_it():
    bench = Bench().ready()
    bench.methane.uv = uv_of_ppm(14_000)
    bench.run(5)
    bench.methane.uv = 0
    bench.run(60)
    assert bench.loop.run_state == codes.RUN_CRITICAL
    assert bench.signals.value & SIREN
    assert bench.signals.value & YELLOW, "the fault shows beside the alarm"
    assert bench.loop.faults & 1 << codes.FAULT_METHANE_SENSOR


def test_wifi_dips_of_180_ms_are_neither_alarm_nor_fault_nor_a_lower_reading():
    bench = Bench().ready()
    bench.methane.uv = uv = uv_of_ppm(3_000)
    bench.run(5)
    lowest = 1 << 29
    for round_ in range(200):
        bench.methane.uv = uv // 10
        bench.step()
        bench.step()
        bench.methane.uv = uv
        for _ in range(3 + round_ % 5):
            bench.step()
            lowest = min(lowest, bench.loop.methane_ppm)
    assert lowest > 2_800
    assert bench.loop.faults == 0
    assert bench.loop.methane_level == codes.NORMAL


def test_an_unplugged_co_sensor_is_a_fault_in_either_phase_and_methane_goes_on():
    bench = Bench().ready()
    bench.co.uv = 0
    bench.run(20)
    assert bench.loop.co_status == codes.OPEN
    assert bench.loop.faults == 1 << codes.FAULT_CO_SENSOR
    assert bench.relay.value == 1, "the valve stays: methane is still watched"
    bench.methane.uv = uv_of_ppm(14_000)
    bench.run(3)
    assert bench.loop.run_state == codes.RUN_CRITICAL


def test_a_board_without_co_says_absent_and_has_no_fault():
    bench = Bench(with_co=False).ready()
    bench.run(200)
    assert bench.loop.co_status == codes.ABSENT
    assert bench.loop.faults == 0


def test_a_valve_that_does_not_follow_is_a_fault_within_3_s():
    bench = Bench().ready()
    bench.contact.stuck = 0
    bench.methane.uv = uv_of_ppm(14_000)
    bench.run(6)
    assert bench.relay.value == 0
    assert bench.loop.valve_state == codes.VALVE_FAILURE
    assert bench.loop.faults & 1 << codes.FAULT_VALVE_FEEDBACK


def test_a_button_stuck_since_the_boot_does_nothing():
    bench = Bench()
    bench.button.level = 1
    bench.run(300)
    assert bench.relay.value == 0
    assert codes.EVENT_BUTTON not in bench.kinds()


def test_a_late_step_is_a_fault_that_leaves_again():
    bench = Bench().ready()
    bench.step(900)
    bench.run(1)
    assert bench.loop.faults == 1 << codes.FAULT_LOOP_DEADLINE
    bench.run(12)
    assert bench.loop.faults == 0


def test_a_full_event_ring_counts_its_losses_and_shows_them():
    bench = Bench().ready()
    for _ in range(40):
        bench.button.level = 1
        for _ in range(3):
            bench.step()
        bench.button.level = 0
        for _ in range(200):
            bench.step(STEP_MS)
        bench.contact.stuck = 1
        for _ in range(40):
            bench.step()
        bench.contact.stuck = -2
        for _ in range(200):
            bench.step()
    assert bench.loop.lost_events > 0
    assert bench.loop.faults & 1 << codes.FAULT_EVENT_OVERFLOW
    bench.drain()
    assert len(bench.events) >= 64


def test_a_failing_step_leaves_the_valve_shut_and_says_fault():
    bench = Bench().ready()
    bench.loop.fail_safe()
    assert bench.relay.value == 0
    assert bench.signals.value == YELLOW
    assert bench.loop.faults & 1 << codes.FAULT_INTERNAL
    assert bench.loop.failed


def test_an_implausible_calibration_is_no_reading():
    circuit = methane_circuit()
    circuit.r0_ohm = 10
    bench = Bench(circuit=circuit)
    bench.run(40)
    assert bench.loop.methane_status == codes.UNCALIBRATED
    assert bench.loop.faults & 1 << codes.FAULT_METHANE_SENSOR


def test_the_median_of_five_is_the_median_of_five():
    reading = MqReading(methane_circuit(), MQ4_RATIO_PERMILLE, MQ4_PPM, 60_000, 250)
    table = MqReading(methane_circuit(), MQ4_RATIO_PERMILLE, MQ4_PPM, 60_000, 250)
    window: list = []
    dice = 5
    for _ in range(3_000):
        dice = (dice * 1_103 + 12_345) & 0xFFFFF
        uv = 400_000 + dice
        window = window[-4:]
        window.append(uv)
        reading.sample(uv)
        if len(window) == 5:
            median = sorted(window)[2]
            for _ in range(5):
                table.sample(median)
            assert (reading.status, reading.value_ppm) == (table.status, table.value_ppm)
            table.forget()
