# Mute, self-test, end of service, tamper, memory of alarms, commands, the second level, and what is looked at once a second.
from safety_bench import CLEAN_UV, Bench, Store, uv_of_co, uv_of_ppm

from safety import codes
from safety.profile import PROFILES
from safety.valve import DemandedValve, PulseValve

GREEN, YELLOW, RED, SIREN = 1, 2, 4, 8
COMMERCIAL = PROFILES["gb15322_commercial"]


def sounding(bench, seconds):
    # Steps out of so many in which the siren is on.
    on = 0
    for _ in range(int(seconds * 10)):
        bench.step()
        on += 1 if bench.signals.value & SIREN else 0
    bench.drain()
    return on


def events(bench, kind):
    return [event for event in bench.events if event[0] == kind]


def ask(bench, command):
    # What became of it.
    bench.loop.command = command
    bench.run(0.2)
    return events(bench, codes.EVENT_COMMAND)[-1][4]


def latched():
    bench = Bench().ready()
    bench.methane.uv = uv_of_ppm(14_000)
    bench.run(5)
    bench.methane.uv = CLEAN_UV
    bench.run(60)
    assert bench.loop.run_state == codes.RUN_LATCHED
    return bench


def test_the_latch_chirps_and_is_silenced_for_five_minutes_by_command():
    bench = latched()
    assert sounding(bench, 60) == 6
    assert ask(bench, codes.COMMAND_MUTE) == codes.RESULT_DONE
    assert events(bench, codes.EVENT_MUTED)
    assert sounding(bench, 290) == 0
    assert bench.loop.latched
    bench.run(20)
    assert events(bench, codes.EVENT_MUTE_ENDED)
    assert sounding(bench, 60) > 0


def test_mute_is_refused_while_anything_is_critical_and_when_nothing_sounds():
    bench = Bench().ready()
    assert ask(bench, codes.COMMAND_MUTE) == codes.RESULT_NOTHING
    bench.methane.uv = uv_of_ppm(14_000)
    bench.run(5)
    assert ask(bench, codes.COMMAND_MUTE) == codes.RESULT_ALARM
    assert sounding(bench, 10) == 100


def test_a_rise_or_a_new_fault_undoes_the_mute():
    bench = latched()
    assert ask(bench, codes.COMMAND_MUTE) == codes.RESULT_DONE
    bench.methane.uv = uv_of_ppm(14_000)
    bench.run(5)
    assert bench.loop.operation.mute.left_ms == 0
    assert sounding(bench, 5) == 50
    bench = latched()
    assert ask(bench, codes.COMMAND_MUTE) == codes.RESULT_DONE
    bench.co.uv = 0
    bench.run(10)
    assert bench.loop.operation.mute.left_ms == 0


def test_a_fault_chirps_once_a_minute_and_the_button_silences_it():
    bench = Bench().ready()
    bench.co.uv = 0
    bench.run(10)
    assert bench.loop.run_state == codes.RUN_FAULT
    assert sounding(bench, 240) == 4
    bench.press()
    assert bench.loop.operation.mute.left_ms > 0
    assert sounding(bench, 240) == 0


def test_a_press_in_peace_tests_everything_but_the_valve():
    bench = Bench().ready()
    bench.loop.co_status = codes.OK
    bench.run(160)
    bench.button.level = 1
    bench.run(0.3)
    bench.button.level = 0
    assert bench.loop.run_state == codes.RUN_TESTING
    assert bench.signals.value & (GREEN | YELLOW | RED | SIREN) == GREEN | YELLOW | RED | SIREN
    bench.loop.operation.test.memory_checked = True
    bench.run(8)
    result = events(bench, codes.EVENT_SELF_TEST)
    assert [event[3] for event in result] == [0], result
    assert result[0][4] & 1 << codes.ITEM_MEMORY and not result[0][4] & 1 << codes.ITEM_VALVE_MOVES
    assert bench.loop.operation.test.result == codes.TEST_PASSED
    assert bench.relay.value == 1, "the valve stays open"
    assert bench.loop.run_state == codes.RUN_NORMAL


def test_a_long_press_closes_the_valve_too_and_only_the_button_opens_it_again():
    bench = Bench().ready()
    bench.run(160)
    bench.loop.operation.test.memory_checked = True
    bench.button.level = 1
    bench.run(4)
    bench.button.level = 0
    bench.loop.operation.test.memory_checked = True
    assert bench.relay.value == 0
    assert bench.loop.valve_state == codes.VALVE_CHECKING
    bench.run(5)
    result = events(bench, codes.EVENT_SELF_TEST)[-1]
    assert result[3] == 0 and result[4] & 1 << codes.ITEM_VALVE_MOVES
    bench.run(60)
    assert bench.loop.valve_state == codes.VALVE_CLOSED
    assert bench.relay.value == 0
    bench.press()
    assert bench.relay.value == 1


def test_a_valve_that_does_not_move_fails_the_test_by_name():
    bench = Bench().ready()
    bench.run(160)
    bench.contact.stuck = 0
    bench.button.level = 1
    bench.run(4)
    bench.button.level = 0
    bench.loop.operation.test.memory_checked = True
    bench.run(5)
    result = events(bench, codes.EVENT_SELF_TEST)[-1]
    assert result[3] & 1 << codes.ITEM_VALVE_MOVES
    assert result[3] & 1 << codes.ITEM_VALVE
    assert bench.loop.operation.test.result == codes.TEST_FAILED


def test_each_item_fails_by_its_own_name():
    broken = (
        (codes.ITEM_CO, "co"), (codes.ITEM_STORE, "store"), (codes.ITEM_REFERENCE, "reference"),
        (codes.ITEM_CLIMATE, "climate"), (codes.ITEM_RELAY, "relay"), (codes.ITEM_MEMORY, "memory"),
    )  # fmt: skip
    for item, what in broken:
        bench = Bench().ready()
        bench.run(160)
        if what == "co":
            bench.co.uv = 0
        elif what == "store":
            bench.store.works = False
            bench.loop.kept.want(1, 3)
        elif what == "reference":
            bench.reference.uv = 1_100_000
        elif what == "climate":
            bench.climate.works = False
        elif what == "relay":
            bench.relay.pad = 0
        else:
            bench.loop.supervision.checks_wrong = 1 << codes.FAULT_IMAGE
        bench.run(40)
        assert ask(bench, codes.COMMAND_SELF_TEST) == codes.RESULT_DONE
        bench.loop.operation.test.memory_checked = True
        bench.run(8)
        assert events(bench, codes.EVENT_SELF_TEST)[-1][3] == 1 << item, what


def test_memory_checks_that_never_come_fail_the_test_instead_of_holding_it_up():
    bench = Bench().ready()
    bench.run(160)
    assert ask(bench, codes.COMMAND_SELF_TEST) == codes.RESULT_DONE
    assert ask(bench, codes.COMMAND_SELF_TEST) == codes.RESULT_BUSY
    bench.run(65)
    assert events(bench, codes.EVENT_SELF_TEST)[-1][3] == 1 << codes.ITEM_MEMORY


def test_a_test_is_refused_while_alarming_latched_or_settling_and_an_alarm_ends_it():
    bench = Bench()
    bench.run(10)
    assert ask(bench, codes.COMMAND_SELF_TEST) == codes.RESULT_BUSY
    bench.run(175)
    bench.press()
    assert ask(bench, codes.COMMAND_SELF_TEST) == codes.RESULT_DONE
    bench.methane.uv = uv_of_ppm(14_000)
    bench.run(5)
    assert bench.loop.operation.test.result == codes.TEST_NONE
    assert ask(bench, codes.COMMAND_SELF_TEST) == codes.RESULT_ALARM
    bench.methane.uv = CLEAN_UV
    bench.run(60)
    assert ask(bench, codes.COMMAND_SELF_TEST) == codes.RESULT_ALARM, "latched"


def test_a_command_closes_the_valve_and_none_opens_it():
    for valve in (None, DemandedValve(2_000), PulseValve(2_000)):
        bench = Bench(valve=valve)
        bench.run(185)
        if valve is None:
            bench.press()
        assert bench.loop.valve_commanded == 1
        assert ask(bench, codes.COMMAND_CLOSE_VALVE) == codes.RESULT_DONE
        assert bench.loop.valve_commanded == 0
        for command in (
            codes.COMMAND_CLOSE_VALVE,
            codes.COMMAND_MUTE,
            codes.COMMAND_SELF_TEST,
            codes.COMMAND_IDENTIFY,
            99,
        ):
            ask(bench, command)
            assert bench.loop.valve_commanded == 0
        assert ask(bench, 99) == codes.RESULT_UNKNOWN
        bench.loop.operation.test.memory_checked = True
        bench.run(10)
        bench.press()
        assert bench.loop.valve_commanded == 1


def test_a_unit_that_is_to_show_which_one_it_is_flickers_green_for_a_minute():
    bench = Bench().ready()
    assert ask(bench, codes.COMMAND_IDENTIFY) == codes.RESULT_DONE
    seen = []
    for _ in range(100):
        bench.step()
        seen.append(bench.signals.value)
    assert seen.count(GREEN) == 50 and seen.count(0) == 50
    bench.run(60)
    bench.step()
    assert bench.signals.value == GREEN and not bench.loop.operation.busy()


def test_showing_which_one_it_is_changes_nothing_but_the_green_lamp():
    # Two benches live the same life: a fault comes and goes, gas comes, alarms, is gone.
    asked, other = Bench().ready(), Bench().ready()
    asked.loop.command = codes.COMMAND_IDENTIFY
    for at in range(1_500):
        for bench in (asked, other):
            bench.tamper.level = 1 if 50 <= at < 150 else 0
            bench.methane.uv = 0 if 200 <= at < 400 else uv_of_ppm(14_000) if 500 <= at < 700 else CLEAN_UV
            bench.step()
        assert asked.signals.value | GREEN == other.signals.value | GREEN
        assert asked.relay.value == other.relay.value
        assert asked.loop.run_state == other.loop.run_state and asked.loop.faults == other.loop.faults
        if asked.loop.run_state in (codes.RUN_WARNING, codes.RUN_CRITICAL, codes.RUN_LATCHED):
            assert asked.signals.value == other.signals.value
    assert asked.loop.latched and ask(asked, codes.COMMAND_IDENTIFY) == codes.RESULT_ALARM


def test_the_memory_of_alarms_outlives_a_power_cut_and_shows_until_a_long_press():
    bench = Bench().ready()
    bench.co.uv = uv_of_co(400)
    bench.run(160)
    assert bench.loop.co_level == codes.CRITICAL
    again = Bench(store=bench.store)
    again.run(185)
    assert again.loop.kept.wanted[1] == 2
    again.press()
    red = 0
    for _ in range(200):
        again.step()
        red += 1 if again.signals.value & RED else 0
    assert again.loop.run_state == codes.RUN_NORMAL and red == 2
    again.button.level = 1
    again.run(4)
    again.button.level = 0
    again.run(2)
    assert again.store.values[1] == 0


def test_the_hours_of_service_are_kept_and_their_end_is_shown_and_told_once():
    store = Store()
    store.values[2] = 43_799
    bench = Bench(store=store).ready()
    assert bench.loop.supervision.service.left_days == 1
    assert bench.loop.run_state == codes.RUN_NORMAL
    bench.run(3_600)
    assert store.values[2] == 43_800
    assert bench.loop.supervision.service.left_days == 0
    assert bench.loop.run_state == codes.RUN_END_OF_SERVICE
    assert len(events(bench, codes.EVENT_END_OF_SERVICE)) == 1
    bench.methane.uv = uv_of_ppm(14_000)
    bench.run(5)
    assert bench.loop.run_state == codes.RUN_CRITICAL, "it still guards"
    again = Bench(store=store)
    again.run(5)
    assert not events(again, codes.EVENT_END_OF_SERVICE)


def test_an_open_case_is_told_shown_and_less_urgent_than_a_fault():
    bench = Bench().ready()
    bench.tamper.level = 1
    bench.run(2)
    assert [event[3] for event in events(bench, codes.EVENT_TAMPER)] == [1]
    assert bench.loop.run_state == codes.RUN_TAMPER
    bench.co.uv = 0
    bench.run(10)
    assert bench.loop.run_state == codes.RUN_FAULT
    bench.tamper.level = 0
    bench.run(2)
    assert [event[3] for event in events(bench, codes.EVENT_TAMPER)] == [1, 0]


def test_the_commercial_low_alarm_sounds_in_the_band_shuts_the_valve_and_is_not_the_high_one():
    bench = Bench(profile=COMMERCIAL).ready()
    bench.methane.uv = uv_of_ppm(8_000)
    tenths = 0
    while not bench.signals.value & SIREN and tenths < 400:
        bench.step()
        tenths += 1
    assert 150 <= tenths <= 300, tenths
    assert bench.loop.methane_level == codes.WARNING
    bench.run(1)
    assert bench.loop.latched and bench.relay.value == 0
    low = sounding(bench, 20)
    bench.methane.uv = uv_of_ppm(16_000)
    bench.run(3)
    assert bench.loop.methane_level == codes.CRITICAL
    assert sounding(bench, 20) >= 3 * low > 0
