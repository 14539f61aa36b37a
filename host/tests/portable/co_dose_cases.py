# The CO dose model against the alarm times that standards state, whole minutes from shared data, and at their edges.
from safety import codes
from safety.co_dose import CoAlarm
from safety.profile import PROFILES

# (profile, ppm, not before min, not after min); 0 = no bound. Copied from co_alarm_times.csv, which a host test compares.
ROWS = (
    ("en50291", 30, 120, 0),
    ("en50291", 50, 60, 90),
    ("en50291", 100, 10, 40),
    ("en50291", 300, 0, 3),
    ("ul2034", 30, 43200, 0),
    ("ul2034", 70, 60, 240),
    ("ul2034", 150, 10, 50),
    ("ul2034", 400, 4, 15),
    ("gb15322", 70, 60, 240),
)
SECOND_MS = 1000


def profile_of(name):
    return PROFILES["gb15322_household" if name == "gb15322" else name]


def seconds_to_alarm(alarm, ppm_at, most_s, step_s=1):
    # ppm_at(second) -> ppm; the second at which CRITICAL is reached, or -1.
    second = 0
    while second < most_s:
        alarm.decide(codes.OK, ppm_at(second), step_s * SECOND_MS, False)
        second += step_s
        if alarm.level == codes.CRITICAL:
            return second
    return -1


def test_a_constant_concentration_alarms_inside_its_window():
    for name, ppm, not_before, not_after in ROWS:
        limit_s = min((not_after or not_before) * 60, 50_000)
        for step_s in (1, 10):
            taken = seconds_to_alarm(CoAlarm(profile_of(name)), lambda second, ppm=ppm: ppm, limit_s, step_s)
            if not_after:
                assert taken >= 0, (name, ppm, "never")
                assert not_before * 60 <= taken <= not_after * 60, (name, ppm, taken)
            else:
                assert taken == -1, (name, ppm, taken)


def test_a_rate_of_zero_is_never_for_30_days():
    for name in PROFILES:
        alarm = CoAlarm(PROFILES[name])
        assert alarm.rate(30) == 0
        for _ in range(43_200):
            alarm.decide(codes.OK, 30, 60_000, False)
        assert alarm.level == codes.NORMAL
        assert alarm.dose == 0


def test_the_window_holds_5_ppm_above_and_below_for_the_gb_low_level_test():
    for ppm in (65, 70, 75):
        taken = seconds_to_alarm(CoAlarm(profile_of("gb15322")), lambda second, ppm=ppm: ppm, 240 * 60)
        assert 60 * 60 <= taken <= 240 * 60, (ppm, taken)


def test_air_never_above_a_row_does_not_alarm_before_it_in_steps_and_pulses():
    for name, ppm, not_before, _ in ROWS:
        if not not_before:
            continue
        patterns = (
            lambda second, ppm=ppm: ppm if second // 60 % 2 else 0,
            lambda second, ppm=ppm: ppm if second % 7 else ppm // 2,
            lambda second, ppm=ppm: ppm * (second % 600) // 600,
            lambda second, ppm=ppm, half=not_before * 30: ppm if second > half else ppm - 10,
        )
        for pattern in patterns:
            limit_s = min(not_before * 60, 20_000) - 1
            assert seconds_to_alarm(CoAlarm(profile_of(name)), pattern, limit_s) == -1, (name, ppm)


def test_air_never_below_a_row_alarms_by_its_end_in_steps_and_pulses():
    for name, ppm, _, not_after in ROWS:
        if not not_after:
            continue
        patterns = (
            lambda second, ppm=ppm: ppm + 200 if second // 60 % 2 else ppm,
            lambda second, ppm=ppm: ppm + second % 50,
            lambda second, ppm=ppm, half=not_after * 30: ppm if second < half else ppm + 30,
        )
        for pattern in patterns:
            taken = seconds_to_alarm(CoAlarm(profile_of(name)), pattern, not_after * 60)
            assert 0 <= taken <= not_after * 60, (name, ppm, taken)


def test_the_rate_never_falls_with_the_concentration():
    for name in PROFILES:
        alarm = CoAlarm(PROFILES[name])
        rates = [alarm.rate(ppm) for ppm in range(2_001)]
        assert rates == sorted(rates)


def test_a_fault_neither_adds_to_the_dose_nor_takes_from_it():
    alarm = CoAlarm(profile_of("en50291"))
    for _ in range(1_800):
        alarm.decide(codes.OK, 50, SECOND_MS, False)
    dose = alarm.dose
    assert dose > 0
    for status in (codes.OPEN, codes.SHORT, codes.SILENT, codes.STUCK, codes.WARMING):
        for _ in range(100):
            alarm.decide(status, 0, SECOND_MS, False)
    assert alarm.dose == dose
    assert alarm.decide(codes.SATURATED, 0, SECOND_MS, False)
    assert alarm.level == codes.CRITICAL


def test_clean_air_takes_the_dose_away_within_an_hour():
    alarm = CoAlarm(profile_of("ul2034"))
    for _ in range(3_000):
        alarm.decide(codes.OK, 100, SECOND_MS, False)
    assert alarm.dose > 0
    for _ in range(3_600):
        alarm.decide(codes.OK, 0, SECOND_MS, False)
    assert alarm.dose == 0
    assert alarm.quiet()
