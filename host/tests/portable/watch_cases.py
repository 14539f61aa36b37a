# What is looked at once a second: heaters, coil, relay, tightness, reference, background checks. The same on every interpreter.
from safety_bench import Bench, Contact, uv_of_ppm

from safety import codes
from safety.tightness import Tightness
from safety.valve import PulseValve


def test_a_heater_without_current_is_a_fault_of_its_sensor():
    bench = Bench().ready()
    bench.methane_heater.uv = 0
    bench.run(8)
    assert bench.loop.methane_status == codes.HEATER and bench.loop.methane_ppm == 0
    assert bench.loop.faults & 1 << codes.FAULT_METHANE_SENSOR
    bench.methane_heater.uv = 150_000
    bench.run(20)
    assert bench.loop.methane_status == codes.OK and not bench.loop.faults
    bench = Bench()
    bench.co_heater.uv = 0
    bench.run(8)
    assert bench.loop.co_status == codes.HEATER
    assert bench.loop.faults & 1 << codes.FAULT_CO_SENSOR


def test_a_sound_heater_is_no_fault_in_either_phase():
    bench = Bench().ready()
    for _ in range(160 * 10):
        bench.step()
        assert bench.loop.co_status != codes.HEATER


def test_a_heater_that_fails_in_the_low_phase_is_a_fault_within_30_s():
    bench = Bench()
    bench.run(80)
    assert bench.heater.value == 78
    bench.co_heater.uv = 0
    bench.run(29)
    assert bench.heater.value == 78
    assert bench.loop.co_status == codes.HEATER
    assert bench.loop.faults & 1 << codes.FAULT_CO_SENSOR


def test_an_mq7_without_any_noise_is_stuck_within_30_s_in_either_phase():
    for settle_s in (5, 70):
        bench = Bench()
        bench.run(settle_s)
        bench.co.noise_uv = 0
        bench.run(29)
        assert (bench.loop.co_status, bench.loop.co_ppm) == (codes.STUCK, 0)
        assert bench.loop.faults & 1 << codes.FAULT_CO_SENSOR
        bench.co.noise_uv = 1_000
        bench.run(170)
        assert bench.loop.co_status == codes.OK


def test_a_coil_without_current_is_not_connected_and_one_with_too_much_is_let_go():
    bench = Bench().ready()
    bench.coil.on_uv = 0
    bench.contact.stuck = 1
    bench.run(6)
    assert bench.loop.valve_state == codes.VALVE_NOT_CONNECTED or bench.loop.valve_state == codes.VALVE_CLOSED
    assert bench.loop.faults & 1 << codes.FAULT_VALVE_COIL
    bench = Bench().ready()
    bench.coil.on_uv = 900_000
    bench.run(6)
    assert bench.loop.faults & 1 << codes.FAULT_VALVE_CURRENT
    assert bench.relay.value == 0


def test_a_pulse_valves_coil_is_seen_within_its_pulse():
    bench = Bench(valve=PulseValve(2_000, _coil_watch()))
    bench.coil.on_uv = 0
    bench.contact.stuck = 0
    bench.run(185)
    assert not bench.loop.faults
    bench.methane.uv = uv_of_ppm(14_000)
    bench.run(30)
    assert bench.loop.faults & 1 << codes.FAULT_VALVE_COIL
    assert bench.loop.valve_state == codes.VALVE_NOT_CONNECTED


def _coil_watch():
    from safety.probe import CoilWatch

    return CoilWatch(100_000, 500_000)


def test_a_relay_that_is_welded_or_a_pad_that_is_held_is_a_relay_fault():
    bench = Bench()
    bench.run(20)
    bench.coil.off_uv = 300_000
    bench.run(8)
    assert bench.loop.faults & 1 << codes.FAULT_RELAY
    bench = Bench().ready()
    bench.relay.pad = 0
    bench.run(8)
    assert bench.loop.faults & 1 << codes.FAULT_RELAY
    bench.relay.pad = -2
    bench.run(20)
    assert not bench.loop.faults & 1 << codes.FAULT_RELAY


def test_gas_that_rises_behind_a_closed_valve_is_a_leaking_valve_and_gas_that_falls_is_not():
    for rises in (True, False):
        bench = Bench().ready()
        assert isinstance(bench.contact, Contact)
        ppm = 14_000
        for _ in range(16):
            bench.methane.uv = uv_of_ppm(ppm)
            bench.run(30)
            ppm = ppm * 11 // 10 if rises else ppm * 9 // 10
        assert bool(bench.loop.faults & 1 << codes.FAULT_VALVE_LEAKING) == rises


def test_a_reference_that_is_off_is_a_fault_and_leaves_again():
    bench = Bench().ready()
    bench.reference.uv = 1_400_000
    bench.run(5)
    assert bench.loop.faults & 1 << codes.FAULT_ADC_REFERENCE
    bench.reference.uv = 1_250_000
    bench.run(20)
    assert not bench.loop.faults


def test_what_the_background_checks_find_is_a_fault_until_they_find_it_right():
    bench = Bench().ready()
    for bit in (codes.FAULT_SETTINGS, codes.FAULT_IMAGE, codes.FAULT_RAM, codes.FAULT_CLOCK):
        bench.loop.supervision.checks_wrong = 1 << bit
        bench.run(2)
        assert bench.loop.faults == 1 << bit
        assert bench.loop.run_state == codes.RUN_FAULT
    bench.loop.supervision.checks_wrong = 0
    bench.run(2)
    assert bench.loop.faults == 0


def test_a_valve_that_becomes_tight_again_is_leaking_no_more():
    found = Tightness()

    def minutes(ppm, count):
        for _ in range(count * 60):
            found.look(True, ppm, 1_000)

    minutes(5_000, 1)
    minutes(9_000, 5)
    assert found.leaking
    minutes(8_900, 5)
    assert not found.leaking
    minutes(9_500, 5)
    assert not found.leaking, "within what a sensor wavers"


def test_it_is_compared_with_the_last_five_minutes_and_not_with_what_was_before_the_gas_mixed():
    found = Tightness()
    for ppm in (1_000, 20_000):
        for _ in range(30):
            found.look(True, ppm, 1_000)
    for _ in range(300):
        found.look(True, 20_000, 1_000)
    assert not found.leaking
    found.look(False, 20_000, 1_000)
    for _ in range(400):
        found.look(True, 30_000, 1_000)
    assert not found.leaking, "another alarm starts anew"
