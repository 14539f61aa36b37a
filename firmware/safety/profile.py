# Profiles are tables of numbers. Each number's source stands beside it: [S] read in a source, [W] read in a
# weak one, [R] recalled and not confirmed, [D] davy's own choice.

GB15322_HOUSEHOLD = {
    "lel_ppm": 50000,  # [S] 5 %vol; IEC 60079-20-1 has 4.4 [R]
    # Methane, ppm.
    "methane_set_point_ppm": 5000,  # 10 %LEL; the standard allows 5..25 %LEL [R]
    "methane_urgent_ppm": 12500,  # 25 %LEL [R]
    "methane_clear_ppm": 4000,  # 8 %LEL [D]
    "methane_range_ppm": 60000,  # [D] above: over range, which is an alarm
    # CO, ppm; a dose model replaces these three.
    "co_warning_ppm": 70,  # [W] the low-level test's concentration
    "co_set_point_ppm": 150,  # [R] 150..300
    "co_urgent_ppm": 300,  # [R]
    "co_clear_ppm": 50,  # [D]
    "co_range_ppm": 2000,  # [D]
    # Times, ms.
    "warning_ms": 2000,  # [D]
    "alarm_ms": 15000,  # [W] alarm >= 15 s [S] and <= 30 s [S/R] after a step, sensor lag included
    "urgent_ms": 1000,  # [D] within 2 s above 25 %LEL
    "clear_ms": 5000,  # [D]
    "blind_ms": 30000,  # [D] heater transient: no reading can be believed
    "preheat_ms": 180000,  # minutes after a short power cut [S]
    "preheat_alarm_ms": 15000,  # [D] a hazard during warm-up still alarms [S]
    "fault_ms": 2000,  # [D] sensor removed, open or short: within 30 s [R]
    "fault_clear_ms": 10000,  # [D]
    "stuck_ms": 25000,  # [D]
    "fault_closes_ms": 30000,  # [D] a lasting methane-sensor fault shuts the valve
    "valve_travel_ms": 2000,  # [D] contact and command agree within
    "deadline_ms": 250,  # [D] between two steps
}

PROFILES = {"gb15322_household": GB15322_HOUSEHOLD}
