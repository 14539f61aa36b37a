# Profiles are tables of numbers. Each number's source stands beside it: [S] read in a source, [W] read in a
# weak one, [R] recalled and not confirmed, [D] davy's own choice.

# What every profile shares: methane after GB 15322.2 (household), and times.
_COMMON = {
    "lel_ppm": 50000,  # [S] 5 %vol; IEC 60079-20-1 has 4.4 [R]
    # Methane, ppm.
    "methane_set_point_ppm": 5000,  # 10 %LEL; the standard allows 5..25 %LEL [R]
    "methane_critical_ppm": 5000,  # the same: one alarm, not two
    "methane_urgent_ppm": 12500,  # 25 %LEL [R]
    "methane_clear_ppm": 4000,  # 8 %LEL [D]
    "methane_range_ppm": 60000,  # [D] above: over range, which is an alarm
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
    # [D] between two steps. The longest call that TLS makes is 305 ms on an ESP32, a step may be due just before it, and the
    # first alarm may take seconds: docs/decisions/0016
    "deadline_ms": 500,
    "mute_ms": 300000,  # [D] within the 6 min of UL 2034 [W]
    "service_hours": 43800,  # 5 years, household [W]
    # What a low alarm does (0 or 1): sound with a pattern of its own; latch, so that the valve shuts.
    "low_sounds": 0,
    "low_latches": 0,
}


def _profile(*own: dict) -> dict:
    merged = dict(_COMMON)
    for each in own:
        merged.update(each)
    return merged


# co_points: (ppm, minutes at that concentration until the alarm), the first never. The minutes are [D]: the middle of
# the window that the standard leaves, which is in the comment.
_GB_CO = {
    "co_points": ((50, 0), (70, 120), (150, 15)),  # 70 ppm: 60..240 min [W]
    "co_instant_ppm": 150,  # high set-point 150..300 ppm, alarm within 60 s [R]
    "co_warning_ppm": 70,  # [D]
    "co_clear_ppm": 50,  # [D]
}
PROFILES = {
    "gb15322_household": _profile(_GB_CO),
    # GB 15322.1: two alarms that can be told apart [S], the high one at up to 50 %LEL [W]. Both shut the valve [D].
    "gb15322_commercial": _profile(
        _GB_CO,
        {
            "warning_ms": 15000,  # the low alarm, as the household's [S]
            "methane_critical_ppm": 12500,  # 25 %LEL [D]
            "low_sounds": 1,
            "low_latches": 1,
            "service_hours": 26280,  # 3 years, commercial [W]
        },
    ),
    "en50291": _profile(
        {
            # 30 ppm: not before 120 min; 50: 60..90; 100: 10..40 [S]
            "co_points": ((35, 0), (50, 75), (100, 20)),
            "co_instant_ppm": 200,  # 300 ppm: within 3 min [S], and an MQ-7 gives a reading each 150 s
            "co_warning_ppm": 50,  # [D]
            "co_clear_ppm": 40,  # [D]
        }
    ),
    "ul2034": _profile(
        {
            # 30 ppm: not within 30 days; 70: 60..240 min; 150: 10..50; 400: 4..15 [S]
            "co_points": ((50, 0), (70, 140), (150, 28), (400, 8), (1000, 2)),
            "co_instant_ppm": 1500,  # [D]
            "co_warning_ppm": 70,  # [D]
            "co_clear_ppm": 50,  # [D]
        }
    ),
}
GB15322_HOUSEHOLD = PROFILES["gb15322_household"]
