# A new calibration in a unit: which numbers it takes, what it keeps of them, and what it tells of its sensors. On every interpreter.
import recalibrate
from protocol import codec, messages
from report.about import day_of
from report.readings import readings

MQ4 = {
    "part": "mq4", "r0_ohm": 20_000, "load_ohm": 20_000, "supply_uv": 5_000_000, "divider_top_ohm": 12_000, "divider_bottom_ohm": 10_000,
}  # fmt: skip
MQ7 = dict(MQ4, part="mq7", r0_ohm=5_000)
CELL = {"part": "tgs5042", "sensitivity_pa_per_ppm": 1_525}
DAY, DATE = 20_782, "2026-11-25"


class Record:
    # The calibration of a unit with these sensors.
    def __init__(self, kept=None, co=MQ7):
        self.kept = kept or {}
        self.settings: dict = {}
        self.writes = 0
        self.outcome = "done"
        self.board = {"methane": MQ4, "co": co}

    def keep(self, blob, change):
        assert blob == "calibration"
        self.writes += 1
        if self.outcome == "done":
            change(self.kept)
        return self.outcome

    def set(self, name, value):
        recalibrate._sensor = lambda gas: self.board[gas] or {}
        return recalibrate.recalibrate(self.settings, name, value, self.keep)

    def give(self, name, value, day=DAY):
        assert self.set("calibration_day", day) == "done"
        return self.set(name, value)


def test_a_date_is_that_of_its_day():
    for day in (0, 1, 58, 59, 60, 365, 10_956, 11_015, 11_016, 11_017, DAY, 47_481):
        assert day_of(recalibrate.date_of(day)) == day
    for day in range(0, 47_482, 97):
        assert day_of(recalibrate.date_of(day)) == day, day
    assert recalibrate.date_of(DAY) == DATE


def test_a_number_and_its_day_are_kept_in_one_write():
    record = Record()
    assert record.give("methane_r0_ohm", 19_311) == "done"
    assert record.writes == 1
    assert record.kept == {"schema": 1, "made": DATE, "methane": {"part": "mq4", "r0_ohm": 19_311, "made": DATE}}


def test_a_number_without_a_day_and_a_day_without_a_number_change_nothing():
    record = Record()
    assert record.set("methane_r0_ohm", 19_311) == "refused_value"
    assert record.set("calibration_day", DAY) == "done"
    assert record.set("calibration_day", 47_482) == "refused_value"
    assert (record.writes, record.kept) == (0, {})
    assert record.set("methane_r0_ohm", 19_311) == "done"
    assert record.set("co_r0_ohm", 5_100) == "refused_value", "a day is for one number"
    assert record.writes == 1


def test_a_number_that_is_none_of_the_type_is_refused_by_the_unit():
    for name, value, co in (
        ("methane_r0_ohm", 4_999, MQ7), ("methane_r0_ohm", 80_001, MQ7), ("methane_r0_ohm", 0xFFFFFFFF, MQ7),
        ("co_r0_ohm", 1_249, MQ7), ("co_r0_ohm", 20_001, MQ7), ("co_sensitivity_pa_per_ppm", 1_500, MQ7),
        ("co_sensitivity_pa_per_ppm", 1_199, CELL), ("co_sensitivity_pa_per_ppm", 2_401, CELL), ("co_r0_ohm", 5_000, CELL),
        ("co_r0_ohm", 5_000, None), ("co_r0_ohm", 5_000, {"part": "ze07"}),
    ):  # fmt: skip
        record = Record(co=co)
        assert record.give(name, value) == "refused_value", (name, value)
        assert record.writes == 0
    for name, value, co in (
        ("methane_r0_ohm", 5_000, MQ7), ("methane_r0_ohm", 80_000, MQ7), ("co_r0_ohm", 1_250, MQ7), ("co_r0_ohm", 20_000, MQ7),
        ("co_sensitivity_pa_per_ppm", 1_200, CELL), ("co_sensitivity_pa_per_ppm", 2_400, CELL),
    ):  # fmt: skip
        assert Record(co=co).give(name, value) == "done", (name, value)


def test_the_other_sensor_keeps_its_number_and_its_day_and_the_unit_is_as_old_as_the_older():
    record = Record(
        {"schema": 1, "made": "2020-02-29", "methane": {"part": "mq4", "r0_ohm": 1}, "co": {"part": "mq7", "r0_ohm": 2}}
    )
    assert record.give("methane_r0_ohm", 21_000) == "done"
    assert record.kept["co"] == {"part": "mq7", "r0_ohm": 2, "made": "2020-02-29"}
    assert record.kept["made"] == "2020-02-29"
    assert record.give("co_r0_ohm", 5_100) == "done"
    assert record.kept["made"] == DATE
    assert record.kept["methane"] == {"part": "mq4", "r0_ohm": 21_000, "made": DATE}


def test_a_number_of_zero_takes_the_calibration_away():
    record = Record()
    record.give("methane_r0_ohm", 21_000)
    assert record.give("methane_r0_ohm", 0, day=0) == "done"
    assert record.kept == {"schema": 1}


def test_a_day_that_is_not_known_is_none():
    record = Record()
    assert record.give("methane_r0_ohm", 21_000, day=0) == "done"
    assert record.kept == {"schema": 1, "methane": {"part": "mq4", "r0_ohm": 21_000}}


def test_a_store_that_refuses_is_said_and_the_day_is_spent():
    record = Record()
    record.outcome = "refused_store"
    assert record.give("methane_r0_ohm", 21_000) == "refused_store"
    assert record.kept == {} and record.settings == {}


class Thing:
    def __init__(self, **fields):
        for name, value in fields.items():
            setattr(self, name, value)


def snapshot(co, methane_uv=472_000, r0_ohm=20_000):
    methane = Thing(filter=Thing(uv=methane_uv), permille=1_050, circuit=Thing(r0_ohm=r0_ohm))
    climate = Thing(status=0, cdegc=2_150, rh_permille=480)
    return Thing(methane_status=0, methane=methane, co_status=1, co=co, supervision=Thing(climate=climate))


def test_readings_are_told_of_every_kind_of_sensor_and_can_be_sent():
    reading = Thing(filter=Thing(uv=-1), permille=990, circuit=Thing(r0_ohm=5_000))
    cycled = Thing(reading=reading, uv=301_000)
    cell = Thing(filter=Thing(uv=700_000), permille=1_010, circuit=Thing(sensitivity_pa_per_ppm=1_525))
    for co, expected in (
        (cycled, (301_000, 990, 5_000, None)),
        (Thing(reading=reading, uv=-1), (None, 990, 5_000, None)),
        (Thing(reading=None, uv=-1), (None, None, None, None)),
        (cell, (700_000, 1_010, None, 1_525)),
        (Thing(), (None, None, None, None)),
    ):
        fields = readings(snapshot(co), DAY)
        names = ("co_uv", "co_factor_permille", "co_r0_ohm", "co_sensitivity_pa_per_ppm")
        assert tuple(fields[name] for name in names) == expected
        assert codec.decode(messages.MEASURED, codec.encode(messages.MEASURED, fields)) == (fields, 0)
    bare = readings(snapshot(Thing(), methane_uv=-1, r0_ohm=0), None)
    assert bare["methane_uv"] is None and bare["methane_r0_ohm"] is None and bare["calibration_day"] is None
    assert codec.encode(messages.MEASURED, bare)
