# The other CO sensors, climate, drift, and what the filter doubts. The same on every interpreter.
from safety_bench import Bench, methane_circuit, uv_of_ppm

from safety import codes
from safety.baseline import MOST_PERMILLE, Baseline
from safety.climate import Climate, between, factor_permille
from safety.co_cell import CellCircuit, CoCell
from safety.co_serial import CoSerial
from safety.concentration import MqReading
from safety.curve import (
    MQ4_CLEAN_PERMILLE,
    MQ4_CLIMATE_CDEGC,
    MQ4_CLIMATE_DRY,
    MQ4_CLIMATE_WET,
    MQ4_PPM,
    MQ4_RATIO_PERMILLE,
    TGS5042_CDEGC,
    TGS5042_PERMILLE,
)
from safety.filter import Filter


class Tenths:
    # A ZE07's driver: what came since the last look.
    def __init__(self):
        self.value = 3

    def read_uv(self):
        return self.value


def serial_bench():
    bench = Bench(co=CoSerial())
    line = Tenths()
    bench.loop._read_co = line.read_uv
    return bench, line


def test_a_serial_co_module_warms_up_and_then_gives_whole_ppm():
    bench, line = serial_bench()
    line.value = 124
    bench.run(175)
    assert bench.loop.co_status == codes.WARMING and bench.loop.co_ppm == 0
    bench.run(10)
    assert (bench.loop.co_status, bench.loop.co_ppm) == (codes.OK, 12)


def test_a_serial_co_module_that_says_nothing_is_silent_within_30_s_and_methane_goes_on():
    bench, line = serial_bench()
    bench.run(185)
    bench.press()
    line.value = -1
    bench.run(8)
    assert bench.loop.co_status == codes.SILENT
    assert bench.loop.faults & 1 << codes.FAULT_CO_SENSOR
    bench.methane.uv = uv_of_ppm(14_000)
    bench.run(3)
    assert bench.loop.methane_level == codes.CRITICAL
    line.value = 0
    bench.run(2)
    assert bench.loop.co_status == codes.OK


def test_over_500_ppm_is_over_the_range_and_an_alarm_and_300_ppm_alarms_within_60_s():
    bench, line = serial_bench()
    bench.run(185)
    line.value = 5_001
    bench.run(2)
    assert (bench.loop.co_status, bench.loop.co_ppm) == (codes.SATURATED, 0)
    assert bench.loop.co_level == codes.CRITICAL
    assert bench.relay.value == 0 and bench.loop.latched
    bench, line = serial_bench()
    bench.run(185)
    line.value = 3_000
    bench.run(3)
    assert bench.loop.co_level == codes.CRITICAL


def test_much_co_during_the_warm_up_alarms_and_a_short_peak_of_a_waking_cell_does_not():
    bench, line = serial_bench()
    line.value = 4_000
    bench.run(40)
    line.value = 0
    bench.run(100)
    assert bench.loop.co_level == codes.NORMAL
    line.value = 4_000
    bench.run(20)
    assert bench.loop.co_level == codes.CRITICAL


def cell(sensitivity=1_525):
    return CoCell(CellCircuit(400_000, 1_200_000, sensitivity), 2_000, 250)


def feed(sensor, uv, count=160):
    for at in range(count):
        sensor.wants_sample(100)
        sensor.sample(uv + at % 3 * 1_000)


def test_a_cell_reads_30_ppm_as_55_mv_above_its_bias():
    sensor = cell()
    feed(sensor, 400_000 + 54_900)
    assert sensor.status == codes.OK
    assert 29 <= sensor.value_ppm <= 31


def test_a_cells_own_sensitivity_and_the_temperature_count():
    weak = cell(1_200)
    feed(weak, 400_000 + 144_000)
    assert 99 <= weak.value_ppm <= 101
    cold = cell(1_200)
    cold.compensate(between(TGS5042_CDEGC, TGS5042_PERMILLE, 0))
    feed(cold, 400_000 + 144_000)
    assert 117 <= cold.value_ppm <= 120, "a cold cell gives 0.844 of the current"


def test_a_cells_faults_are_told_apart():
    for uv, status in ((0, codes.OPEN), (250_000, codes.OPEN), (2_460_000, codes.SATURATED), (-1, codes.SILENT)):
        sensor = cell()
        for _ in range(160):
            sensor.wants_sample(100)
            sensor.sample(uv)
        assert (sensor.status, sensor.value_ppm) == (status, 0), (uv, sensor.status)
    stuck = cell()
    for _ in range(400):
        stuck.wants_sample(100)
        stuck.sample(460_000)
    assert stuck.status == codes.STUCK
    for wrong in (1_100, 2_500, 0):
        uncalibrated = cell(wrong)
        feed(uncalibrated, 460_000)
        assert (uncalibrated.status, uncalibrated.value_ppm) == (codes.UNCALIBRATED, 0)


def test_a_jump_that_no_gas_can_make_is_a_doubt_and_gas_is_none():
    sensor = Filter(250, 1_500_000)
    seen = []
    for at in range(200):
        seen.append(sensor.push((300_000 if at // 10 % 2 else 2_000_000) + at % 3 * 1_000))
    assert seen[20:].count(codes.JUMP) == 180
    slow = Filter(250, 1_500_000)
    assert codes.JUMP not in [slow.push(300_000 + at * 60_000) for at in range(30)]


def test_a_jumping_sensor_is_a_fault_within_30_s_and_shuts_the_valve():
    bench = Bench().ready()
    for second in range(33):
        bench.methane.uv = 2_150_000 if second % 2 else 200_000
        bench.run(1)
    assert bench.loop.methane_status == codes.JUMP
    assert bench.loop.faults & 1 << codes.FAULT_METHANE_SENSOR
    bench.run(1)
    assert bench.relay.value == 0


def compensated_ppm(uv, permille):
    reading = MqReading(methane_circuit(), MQ4_RATIO_PERMILLE, MQ4_PPM, 60_000, 250)
    reading.compensate(permille)
    for at in range(8):
        reading.sample(uv + at % 2)
    return reading.value_ppm


def pin_uv(ratio_permille):
    # At the pin, with a load of 20 kohm and R0 of 20 kohm.
    return 5_000_000 // (1_000 + ratio_permille) * 10 // 22 * 1_000


def test_compensation_gives_back_what_the_climate_took():
    # The curve's ratio at some concentrations, made larger or smaller by the air's temperature and humidity.
    for ratio, ppm in ((1_000, 1_000), (570, 5_000), (440, 10_000)):
        for permille in (790, 900, 1_100, 1_270, 1_410):
            got = compensated_ppm(pin_uv(ratio * permille // 1_000), permille)
            assert abs(got - ppm) * 100 < ppm * 3, (ratio, permille, got)


def test_the_factors_are_the_data_sheets():
    def factor(cdegc, rh_permille):
        return factor_permille(MQ4_CLIMATE_CDEGC, MQ4_CLIMATE_DRY, MQ4_CLIMATE_WET, cdegc, rh_permille)

    assert 998 <= factor(2_000, 650) <= 1_002
    assert factor(-1_000, 330) == 1_410
    assert factor(-4_000, 330) == 1_410, "flat beyond the table"
    assert 935 <= factor(2_000, 850) <= 937
    assert factor(2_000, 1_000) == factor(2_000, 950)


def test_cold_dry_air_misses_no_alarm_and_warm_moist_air_makes_none():
    # Uncompensated, 5,000 ppm would read as 1,900 at -10 degC, 33 %RH, and 3,100 ppm as 5,000 at 50 degC, 85 %RH.
    for cdegc, rh_permille, permille in ((-1_000, 330, 1_410), (5_000, 850, 793)):
        bench = Bench()
        bench.climate.cdegc, bench.climate.rh_permille = cdegc, rh_permille
        bench.methane.uv = pin_uv(4_380 * permille // 1_000)
        bench.run(185)
        bench.press()
        bench.methane.uv = pin_uv(640 * permille // 1_000)  # 3,600 ppm
        bench.run(40)
        assert bench.loop.methane_level == codes.NORMAL, bench.loop.methane_ppm
        bench.methane.uv = pin_uv(500 * permille // 1_000)  # 7,200 ppm
        bench.run(40)
        assert bench.loop.methane_level == codes.CRITICAL, bench.loop.methane_ppm


def test_without_climate_or_with_one_that_fails_readings_are_too_high_rather_than_too_low():
    bench = Bench().ready()
    bench.methane.uv = uv_of_ppm(3_000)
    bench.run(5)
    true_ppm = bench.loop.methane_ppm
    assert 2_900 < true_ppm < 3_100
    bench.climate.works = False
    bench.run(40)
    assert bench.loop.supervision.climate.status == codes.SILENT
    assert bench.loop.faults & 1 << codes.FAULT_CLIMATE
    assert 1.8 * true_ppm < bench.loop.methane_ppm < 2.1 * true_ppm
    bench.climate.works = True
    bench.run(30)
    assert abs(bench.loop.methane_ppm - true_ppm) < 60
    assert not bench.loop.faults & 1 << codes.FAULT_CLIMATE


def test_a_climate_reading_outside_of_what_the_part_measures_is_none():
    for cdegc, rh_permille in ((-4_500, 500), (13_000, 500), (2_000, 1_001), (2_000, -1)):
        climate = Climate(True)
        climate.took(True, 2_000, 500)
        for _ in range(3):
            climate.took(True, cdegc, rh_permille)
        assert climate.status == codes.SILENT


def test_humidity_beyond_the_two_curves_is_carried_no_further_than_they_go():
    curves = (MQ4_CLIMATE_CDEGC, MQ4_CLIMATE_DRY, MQ4_CLIMATE_WET, 2_000)
    assert factor_permille(*curves, 0) == factor_permille(*curves, 200) > factor_permille(*curves, 210)
    assert factor_permille(*curves, 1_000) == factor_permille(*curves, 950) < factor_permille(*curves, 940)


def test_drift_towards_too_low_readings_is_taken_back_and_the_other_way_never():
    up = Baseline(MQ4_CLEAN_PERMILLE)
    for _ in range(12 * 60):
        up.minute(MQ4_CLEAN_PERMILLE * 6 // 5)
    assert 1_180 <= up.permille <= 1_200
    for _ in range(12 * 60):
        up.minute(MQ4_CLEAN_PERMILLE)
    assert up.permille >= 1_160, "given back within days, not within hours"
    gassed = Baseline(MQ4_CLEAN_PERMILLE)
    for _ in range(30 * 24 * 60):
        gassed.minute(MQ4_CLEAN_PERMILLE // 4)
    assert gassed.permille == 1_000, "a slow leak is not learned as clean air"


def test_the_drift_that_is_taken_back_has_an_end_and_no_reading_counts_for_nothing():
    wild = Baseline(MQ4_CLEAN_PERMILLE)
    for minute in range(5_000):
        wild.minute(1_000_000 if minute % 2 else 0)
    assert wild.permille <= MOST_PERMILLE


def test_clean_air_that_reads_too_clean_for_hours_makes_the_device_find_gas_in_time_again():
    drifted = 1_200
    bench = Bench().ready()
    bench.methane.uv = pin_uv(MQ4_CLEAN_PERMILLE * drifted // 1_000)
    bench.run(5)
    for _ in range(10 * 60):
        bench.loop.supervision._minute()
    bench.methane.uv = pin_uv(550 * drifted // 1_000)  # 5,500 ppm; without the correction it would read 3,300
    bench.run(40)
    assert bench.loop.methane_level == codes.CRITICAL, bench.loop.methane_ppm
