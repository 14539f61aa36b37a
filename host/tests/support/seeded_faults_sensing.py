"""Faults in what the device makes of its sensors: methane, CO, and sensors that break."""

from __future__ import annotations

from support.seeded_fault import Fault

_GB_CO = """\
    "co_points": ((50, 0), (70, 120), (150, 15)),  # 70 ppm: 60..240 min [W]
    "co_instant_ppm": 150,  # high set-point 150..300 ppm, alarm within 60 s [R]
    "co_warning_ppm": 70,  # [D]
    "co_clear_ppm": 50,  # [D]
"""
_STRICT_CO = """\
    "co_points": ((10, 0), (25, 80), (70, 75), (150, 15)),
    "co_instant_ppm": 150,
    "co_warning_ppm": 70,
    "co_clear_ppm": 20,
"""
_SET_POINTS = """\
    "methane_critical_ppm": 5000,  # the same: one alarm, not two
    "methane_urgent_ppm": 12500,  # 25 %LEL [R]
    "methane_clear_ppm": 4000,  # 8 %LEL [D]
"""
_LOW_SET_POINTS = """\
    "methane_critical_ppm": 2300,
    "methane_urgent_ppm": 12500,
    "methane_clear_ppm": 2000,
"""
_OPEN = "test_an_unplugged_methane_sensor_is_a_fault_without_a_number"
_CO_OPEN = "test_a_co_sensor_without_current_is_a_fault"
_LASTING = "test_a_lasting_methane_fault_shuts_the_valve"
_DIPS = "test_readings_that_a_radio_pulls_down_are_no_fault_and_no_alarm"
_BEHIND_DIPS = "test_gas_behind_such_dips_is_still_found"
_SLOW_RISE = "test_a_slow_rise_alarms_around_the_set_point"

METHANE = (
    Fault(
        "alarm_too_soon",
        "safety/profile.py",
        '"alarm_ms": 15000,  # [W] alarm',
        '"alarm_ms": 13000,  # [W] alarm',
        "test_a_leak_sounds_the_siren_and_shuts_the_valve_in_time",
    ),
    Fault(
        "misprint_in_the_curve",
        "safety/curve.py",
        "4084, 4686, 5352,",
        "4084, 4686, 7352,",
        "test_the_device_reads_what_is_there",
    ),
    Fault(
        "set_points_of_another_gas",
        "safety/profile.py",
        _SET_POINTS,
        _LOW_SET_POINTS,
        "test_methane_below_5_percent_lel_is_no_alarm",
        also=(_SLOW_RISE,),
    ),
    Fault(
        "set_point_too_high",
        "safety/profile.py",
        '"methane_critical_ppm": 5000',
        '"methane_critical_ppm": 7000',
        _SLOW_RISE,
    ),
    Fault(
        "urgent_is_not_urgent",
        "safety/profile.py",
        '"urgent_ms": 1000',
        '"urgent_ms": 5000',
        "test_methane_above_25_percent_lel_alarms_at_once",
    ),
    Fault(
        "over_range_is_no_gas",
        "safety/alarm.py",
        "            value = _FOREVER_MS\n",
        "            return False\n",
        "test_methane_over_range_is_an_alarm_without_a_number",
    ),
)

CO = (
    Fault(
        "co_zero_too_many",
        "safety/profile.py",
        '"co_instant_ppm": 150,',
        '"co_instant_ppm": 1500,',
        "test_much_co_alarms_soon_and_shuts_the_valve",
    ),
    Fault(
        "co_dose_too_slow",
        "safety/profile.py",
        "((50, 0), (70, 120), (150, 15))",
        "((50, 0), (70, 300), (150, 15))",
        "test_a_little_co_for_long_alarms_within_its_window",
    ),
    Fault(
        "co_table_too_strict",
        "safety/profile.py",
        _GB_CO,
        _STRICT_CO,
        "test_co_that_harms_nobody_never_alarms",
    ),
    Fault(
        "co_fault_inverted",
        "safety/loop.py",
        "co != ABSENT and is_fault(co)",
        "co == ABSENT and is_fault(co)",
        _CO_OPEN,
    ),
    Fault(
        "co_line_believes_in_silence",
        "drivers/ze07.py",
        "        if fresh:\n",
        "        if fresh or (not count and frames.tenths >= 0):\n",
        "test_a_serial_co_module_that_falls_silent_is_a_fault",
        board="devkit_ze07",
    ),
    Fault(
        "co_line_without_a_check",
        "drivers/ze07_frames.py",
        "if frame[8] != checksum(frame):",
        "if frame[0] != _START:",
        "test_what_a_serial_co_module_garbles_is_no_number",
        board="devkit_ze07",
    ),
)

BROKEN_SENSORS = (
    Fault("open_taken_for_short", "safety/concentration.py", "self._fault(OPEN)", "self._fault(SHORT)", _OPEN),
    Fault(
        "open_is_clean_air",
        "safety/concentration.py",
        "OPEN_UV = 150_000  #",
        "OPEN_UV = -1  #",
        _OPEN,
    ),
    Fault(
        "short_is_no_fault",
        "safety/concentration.py",
        "SHORT_PERMILLE = 985",
        "SHORT_PERMILLE = 1985",
        "test_a_shorted_methane_sensor_is_a_fault_without_a_number",
    ),
    Fault(
        "heater_looked_at_for_minutes",
        "safety/supervision.py",
        "_BAD_HEATER_LOOKS = 3",
        "_BAD_HEATER_LOOKS = 300",
        "test_a_cold_heater_is_a_fault_without_a_number",
    ),
    Fault(
        "fault_closes_too_late",
        "safety/profile.py",
        '"fault_closes_ms": 30000',
        '"fault_closes_ms": 300000',
        _LASTING,
    ),
    Fault(
        "sample_judged_not_median",
        "safety/concentration.py",
        "        elif OPEN_UV < median < self._short_uv:\n",
        "        elif OPEN_UV < uv < self._short_uv:\n",
        _DIPS,
    ),
    Fault(
        "jump_seen_in_a_dip",
        "safety/filter.py",
        "(median - before > self._jump_uv or before - median > self._jump_uv)",
        "(uv - before > 1_300_000 or before - uv > 1_300_000)",
        _BEHIND_DIPS,
        # Gas comes to that device too, and its step is distrusted the same way.
        also=("test_dips_of_the_supply_one_after_the_other_end_in_a_device_that_protects",),
    ),
    Fault(
        "climate_missed_for_minutes",
        "safety/climate.py",
        "_MISSES = 3",
        "_MISSES = 30",
        "test_a_climate_part_that_falls_silent_is_a_fault_and_gas_is_still_found",
    ),
)

SENSING = (*METHANE, *CO, *BROKEN_SENSORS)
